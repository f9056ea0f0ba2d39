/* Calls a target for each of the files given, if there is no libFuzzer to make inputs. */
#include "fuzz.h"

int main(int argc, char **argv)
{
    static char data[1 << 20];
    for (int i = 1; i < argc; i++) {
        FILE *file = fopen(argv[i], "rb");
        if (file == NULL) {
            perror(argv[i]);
            return 1;
        }
        size_t size = fread(data, 1, sizeof data, file);
        fclose(file);
        struct bytes copy = fuzz_copy(data, size);
        LLVMFuzzerTestOneInput((const uint8_t *)copy.data, copy.size);
        free((char *)copy.data);
    }
    printf("%d files\n", argc - 1);
    return 0;
}
