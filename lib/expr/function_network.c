/* Functions of URLs and addresses. */
#include <arpa/inet.h>

#include "base/decimal.h"
#include "base/hex.h"
#include "base/scan.h"
#include "expr/draft.h"

/* --- URLs --------------------------------------------------------------------------------------------------------- */

/* The parts of a URL; data NULL: it has no such part. */
struct url {
    struct bytes host; /* without the brackets of an IPv6 address */
    struct bytes path;
    struct bytes query;
};

static struct bytes between(const char *at, const char *end)
{
    return (struct bytes){at, (size_t)(end - at)};
}

/* Returns the first place in [at, end) that holds one of the bytes, or end. */
static const char *find_any(const char *at, const char *end, const char *bytes)
{
    while (at < end && (*at == '\0' || strchr(bytes, *at) == NULL))
        at++;
    return at;
}

/* Returns whether there are only bytes that a URL may have (RFC 3986), or that are not ASCII (RFC 3987). */
static bool has_url_bytes(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++)
        switch (text.data[i]) {
        case '"':
        case '<':
        case '>':
        case '\\':
        case '^':
        case '`':
        case '{':
        case '|':
        case '}':
        case 0x7f:
            return false;
        default:
            if ((unsigned char)text.data[i] <= ' ')
                return false;
        }
    return true;
}

static bool is_letter(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

/* Returns the place behind SCHEME: if the text begins with it, otherwise the beginning. */
static const char *skip_scheme(const char *at, const char *end)
{
    const char *scheme = at;
    if (at == end || !is_letter(*at))
        return scheme;
    while (at < end && (is_letter(*at) || (*at >= '0' && *at <= '9') || *at == '+' || *at == '-' || *at == '.'))
        at++;
    return at < end && *at == ':' ? at + 1 : scheme;
}

/* Reads user@host:port. */
static bool read_authority(const char *at, const char *end, struct url *url)
{
    const char *host = scan_find(at, end, '@');
    host = host < end ? host + 1 : at;
    if (scan_find(host, end, '@') < end)
        return false;
    const char *host_end = find_any(host, end, ":");
    if (host < end && *host == '[') {
        const char *close = scan_find(host, end, ']');
        char address[INET6_ADDRSTRLEN];
        struct in6_addr parsed;
        const size_t size = (size_t)(close - host) - 1;
        if (close == end || size >= sizeof address)
            return false;
        memcpy(address, host + 1, size);
        address[size] = '\0';
        if (inet_pton(AF_INET6, address, &parsed) != 1)
            return false;
        url->host = between(host + 1, close);
        host_end = close + 1;
    } else if (find_any(host, host_end, "[]") < host_end) {
        return false;
    } else if (host < host_end) {
        url->host = between(host, host_end);
    }
    if (host_end < end && *host_end++ != ':')
        return false;
    while (host_end < end && *host_end >= '0' && *host_end <= '9')
        host_end++;
    return host_end == end;
}

/* Reads SCHEME://AUTHORITY/PATH?QUERY#FRAGMENT, or a part of it that begins with the slash of the path. */
static bool read_url(struct bytes text, struct url *url)
{
    const char *at = text.data, *end = at + text.size;
    *url = (struct url){{NULL, 0}, {NULL, 0}, {NULL, 0}};
    const char *rest = skip_scheme(at, end);
    const bool slashes = end - rest >= 2 && rest[0] == '/' && rest[1] == '/';
    if (!has_url_bytes(text) || (rest == at ? at == end || *at != '/' : !slashes))
        return false;
    end = scan_find(rest, end, '#');
    if (slashes) {
        at = rest + 2;
        rest = find_any(at, end, "/?");
        if (!read_authority(at, rest, url))
            return false;
    }
    const char *query = scan_find(rest, end, '?');
    if (rest < query)
        url->path = between(rest, query);
    if (query < end)
        url->query = between(query + 1, end);
    return true;
}

static bool call_url(struct call *call, struct url *url)
{
    struct bytes text;
    if (!call_text(call, 0, &text))
        return false;
    return read_url(text, url) ||
           call_fail_about(call, call_argument(call, 0), "is not a URL: scheme://host/path?query or /path?query");
}

static bool give_part(struct datum *result, struct bytes part)
{
    return part.data != NULL ? give_input(result, part) : give_null(result);
}

static bool call_url_host(struct call *call, struct datum *result)
{
    struct url url;
    return call_url(call, &url) && give_part(result, url.host);
}

static bool call_url_path(struct call *call, struct datum *result)
{
    struct url url;
    return call_url(call, &url) && give_part(result, url.path);
}

/* Decodes %41 and + as forms encode them. Returns false, and the call has failed, if a % has no two digits. */
static bool decode(struct call *call, struct bytes text, struct bytes *decoded)
{
    *decoded = text;
    if (!scan_holds(text, '%') && !scan_holds(text, '+'))
        return true;
    char *data = call_room(call, text.size), *to = data;
    if (data == NULL)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        char byte = text.data[i] == '+' ? ' ' : text.data[i];
        if (byte == '%') {
            const int high = i + 2 < text.size ? hex_value(text.data[i + 1]) : -1;
            const int low = high >= 0 ? hex_value(text.data[i + 2]) : -1;
            if (low < 0)
                return call_fail_about(call, &(struct datum){.kind = DATUM_TEXT, .text = text},
                                       "has a %% without two hexadecimal digits");
            byte = (char)(high << 4 | low);
            i += 2;
        }
        *to++ = byte;
    }
    *decoded = between(data, to);
    return true;
}

static bool call_url_query(struct call *call, struct datum *result)
{
    struct url url;
    struct bytes name, found;
    if (!call_url(call, &url))
        return false;
    if (call->count == 1 || url.query.data == NULL)
        return give_part(result, url.query);
    if (!call_text(call, 1, &name))
        return false;
    const char *at = url.query.data, *end = at + url.query.size;
    for (;;) {
        const char *next = scan_find(at, end, '&'), *equals = scan_find(at, next, '=');
        if (!decode(call, between(at, equals), &found))
            return false;
        if (bytes_equal(found, name) && at < next)
            return decode(call, between(equals < next ? equals + 1 : next, next), &found) && give_input(result, found);
        if (next == end)
            return give_null(result);
        at = next + 1;
    }
}

/* --- addresses ---------------------------------------------------------------------------------------------------- */

/* An address, all as IPv6: one of IPv4 as ::ffff:1.2.3.4. */
struct address {
    unsigned char bytes[16];
    bool is_four;
};

static const unsigned char four_in_six[12] = {[10] = 0xff, [11] = 0xff};

static bool read_address(struct bytes text, struct address *address)
{
    char string[INET6_ADDRSTRLEN];
    if (text.size >= sizeof string || memchr(text.data, '\0', text.size) != NULL)
        return false;
    memcpy(string, text.data, text.size);
    string[text.size] = '\0';
    address->is_four = inet_pton(AF_INET, string, address->bytes + sizeof four_in_six) == 1;
    if (!address->is_four)
        return inet_pton(AF_INET6, string, address->bytes) == 1;
    memcpy(address->bytes, four_in_six, sizeof four_in_six);
    return true;
}

/* Reads ADDRESS or ADDRESS/BITS. Sets *why, and returns false, if the text is anything else. */
static bool read_network(struct bytes text, struct address *network, unsigned *bits, const char **why)
{
    const char *end = text.data + text.size, *slash = scan_find(text.data, end, '/');
    *why = "is not a network, as 10.0.0.0/8 or 2001:db8::/32 are";
    if (!read_address(between(text.data, slash), network))
        return false;
    const unsigned most = network->is_four ? 32 : 128;
    uint64_t given = most;
    if (slash < end &&
        (!decimal_parse(between(slash + 1, end), 0, most, &given) || (slash[1] == '0' && end - slash > 2)))
        return false;
    *bits = (unsigned)given + 128 - most;
    *why = "is not a network: bits are set behind its prefix";
    for (unsigned bit = *bits; bit < 128; bit++)
        if (network->bytes[bit / 8] >> (7 - bit % 8) & 1)
            return false;
    return true;
}

static bool is_within(const struct address *address, const struct address *network, unsigned bits)
{
    const size_t whole = bits / 8;
    if (address->is_four && bits < 8 * sizeof four_in_six)
        return false;
    if (memcmp(address->bytes, network->bytes, whole) != 0)
        return false;
    return bits % 8 == 0 || (address->bytes[whole] ^ network->bytes[whole]) >> (8 - bits % 8) == 0;
}

static bool prepare_ip_in(struct call *call, const struct datum *const *known)
{
    struct address network;
    unsigned bits;
    const char *why;
    if (known[1] == NULL || known[1]->kind != DATUM_TEXT || read_network(known[1]->text, &network, &bits, &why))
        return true;
    return call_fail_about(call, known[1], "%s", why);
}

static bool call_ip_in(struct call *call, struct datum *result)
{
    struct bytes text, network_text;
    struct address address, network;
    unsigned bits;
    const char *why;
    if (!call_text(call, 0, &text) || !call_text(call, 1, &network_text))
        return false;
    if (!read_address(text, &address))
        return call_fail_about(call, call_argument(call, 0), "is not an IP address");
    if (!read_network(network_text, &network, &bits, &why))
        return call_fail_about(call, call_argument(call, 1), "%s", why);
    return give_boolean(result, is_within(&address, &network, bits));
}

const struct function functions_network[] = {
    {"url_host", 1, 1, RESULT_TEXT, .call = call_url_host},
    {"url_path", 1, 1, RESULT_TEXT, .call = call_url_path},
    {"url_query", 1, 2, RESULT_TEXT, .call = call_url_query},
    {"ip_in", 2, 2, RESULT_BOOLEAN, .call = call_ip_in, .prepare = prepare_ip_in},
    {0},
};
