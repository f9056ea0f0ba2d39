#include <math.h>
#include <xxhash.h>

#include "op/op_part.h"

/* distinct: the number of different values. The state is first a list of their hashes (XXH3_64bits of xxHash) in
 * ascending order, each of 16 hexadecimal digits, separated by blanks. The value after EXACT hashes turns it into a
 * HyperLogLog (P. Flajolet et al., HyperLogLog: the analysis of a near-optimal cardinality estimation algorithm, 2007):
 * `~ESTIMATE REGISTERS`, with a character for each register, from `0` on in the order of ASCII. The estimate is by O.
 * Ertl (New cardinality estimation algorithms for HyperLogLog sketches, 2017, "improved raw estimator"), which needs no
 * tables. Its standard error is 1.04 / sqrt(REGISTERS). */
enum { EXACT = 256, DIGITS = 16, INDEX_BITS = 12, REGISTERS = 1 << INDEX_BITS, RANK_MOST = 64 - INDEX_BITS + 1 };

static void write_hash(char digits[DIGITS], uint64_t hash)
{
    for (int i = DIGITS; i-- > 0; hash >>= 4)
        digits[i] = "0123456789abcdef"[hash & 15];
}

static bool read_hash(const char *digits, uint64_t *hash)
{
    *hash = 0;
    for (int i = 0; i < DIGITS; i++) {
        const char digit = digits[i];
        if (!(digit >= '0' && digit <= '9') && !(digit >= 'a' && digit <= 'f'))
            return false;
        *hash = *hash << 4 | (uint64_t)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
    }
    return true;
}

/* Puts the hash into its register. Returns false if the register stays as it is. */
static bool note(char *registers, uint64_t hash)
{
    char *at = &registers[hash >> (64 - INDEX_BITS)];
    const uint64_t rest = hash << INDEX_BITS | (uint64_t)1 << (INDEX_BITS - 1);
    const char rank = (char)('0' + __builtin_clzll(rest) + 1);
    if (*at >= rank)
        return false;
    *at = rank;
    return true;
}

/* Ertl's sigma and tau: the parts of the sum for registers that are 0 and for registers that are full. part is the
 * share of registers that are 0, and of those that are not full. */
static double sigma(double part)
{
    double sum = part, before, factor = 1;
    if (part == 1)
        return INFINITY;
    do {
        part *= part;
        before = sum;
        sum += part * factor;
        factor += factor;
    } while (sum != before);
    return sum;
}

static double tau(double part)
{
    double sum = 1 - part, before, factor = 1;
    if (part == 0 || part == 1)
        return 0;
    do {
        part = sqrt(part);
        before = sum;
        factor *= 0.5;
        sum -= (1 - part) * (1 - part) * factor;
    } while (sum != before);
    return sum / 3;
}

/* Sets *count to the estimate. Returns false if a character cannot be that of a register. */
static bool estimate(const char *registers, int64_t *count)
{
    const double all = REGISTERS;
    unsigned ranks[RANK_MOST + 1] = {0};
    for (size_t i = 0; i < REGISTERS; i++) {
        if (registers[i] < '0' || registers[i] > '0' + RANK_MOST)
            return false;
        ranks[registers[i] - '0']++;
    }
    double sum = all * tau(1 - ranks[RANK_MOST] / all);
    for (int rank = RANK_MOST - 1; rank > 0; rank--)
        sum = 0.5 * (sum + ranks[rank]);
    sum += all * sigma(ranks[0] / all);
    const double found = all * all / (2 * 0.69314718055994530942 * sum);
    *count = found < 1e18 ? (int64_t)(found + 0.5) : INT64_C(1000000000000000000);
    return true;
}

/* Appends the state of registers. The estimate is never below least, so that it does not fall. Returns NULL, or why
 * the registers are not a state. */
static const char *add_registers(struct buffer *next, const char *registers, int64_t least, struct op_result *result)
{
    int64_t count;
    char text[NUMBER_TEXT];
    if (!estimate(registers, &count))
        return op_bad_state;
    const struct bytes digits = number_format_integer(count > least ? count : least, text);
    buffer_add_byte(next, '~');
    buffer_add(next, digits);
    buffer_add_byte(next, ' ');
    buffer_add(next, (struct bytes){registers, REGISTERS});
    result->state = buffer_bytes(next);
    result->emit = (struct bytes){next->data + 1, digits.size};
    return NULL;
}

/* Splits `~ESTIMATE REGISTERS`. Returns false if the state is not of that form; the registers themselves are not looked
 * at. */
static bool read_registers(struct bytes state, struct bytes *digits, int64_t *count)
{
    struct bytes rest = {state.data + 1, state.size - 1};
    if (!op_take_count(&rest, ' ', count) || rest.size != REGISTERS)
        return false;
    *digits = (struct bytes){state.data + 1, state.size - REGISTERS - 2};
    return true;
}

static const char *take_into_registers(struct op *op, struct bytes state, uint64_t hash, struct op_result *result)
{
    char registers[REGISTERS];
    int64_t least;
    if (!read_registers(state, &result->emit, &least))
        return op_bad_state;
    memcpy(registers, state.data + state.size - REGISTERS, REGISTERS);
    result->state = state;
    return note(registers, hash) ? add_registers(op_next_state(op, state), registers, least, result) : NULL;
}

/* Makes registers of a full list and one more hash. */
static const char *begin_registers(struct op *op, struct bytes state, uint64_t hash, struct op_result *result)
{
    char registers[REGISTERS];
    memset(registers, '0', sizeof registers);
    note(registers, hash);
    for (size_t i = 0; i < EXACT; i++) {
        uint64_t listed;
        if (!read_hash(state.data + i * (DIGITS + 1), &listed))
            return op_bad_state;
        note(registers, listed);
    }
    return add_registers(op_next_state(op, state), registers, EXACT + 1, result);
}

static bool is_list(struct bytes state, size_t *count)
{
    *count = (state.size + 1) / (DIGITS + 1);
    return *count > 0 && *count <= EXACT && state.size + 1 == *count * (DIGITS + 1);
}

/* Looks the hash up in the list. Returns whether it is there; if not, sets *place to where it belongs. */
static bool find(struct bytes state, size_t count, const char hash[DIGITS], size_t *place)
{
    size_t low = 0, high = count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = memcmp(state.data + middle * (DIGITS + 1), hash, DIGITS);
        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *place = low;
    return false;
}

const char *op_apply_distinct(struct op *op, struct bytes state, struct bytes value, struct op_result *result)
{
    const uint64_t hash = XXH3_64bits(value.data, value.size);
    char digits[DIGITS];
    size_t count = 0, place = 0;
    result->plain = true;
    if (state.size > 0 && state.data[0] == '~')
        return take_into_registers(op, state, hash, result);
    if (state.data != NULL && !is_list(state, &count))
        return op_bad_state;
    write_hash(digits, hash);
    result->state = state;
    if (!find(state, count, digits, &place)) {
        if (count == EXACT)
            return begin_registers(op, state, hash, result);
        struct buffer *next = op_next_state(op, state);
        const size_t before = place * (DIGITS + 1);
        buffer_add(next, (struct bytes){state.data, before < state.size ? before : state.size});
        if (place == count && count > 0)
            buffer_add_byte(next, ' ');
        buffer_add(next, (struct bytes){digits, DIGITS});
        if (place < count) {
            buffer_add_byte(next, ' ');
            buffer_add(next, (struct bytes){state.data + before, state.size - before});
        }
        result->state = buffer_bytes(next);
        count++;
    }
    result->emit = number_format_integer((int64_t)count, op->scratch.number);
    return NULL;
}

bool op_total_distinct(struct op *op, struct bytes state, struct bytes *emit)
{
    size_t count;
    int64_t estimated;
    if (state.size > 0 && state.data[0] == '~')
        return read_registers(state, emit, &estimated);
    if (!is_list(state, &count))
        return false;
    *emit = number_format_integer((int64_t)count, op->scratch.number);
    return true;
}
