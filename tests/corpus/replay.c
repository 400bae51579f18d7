/*
 * Replays a folder of inputs through a fuzz target, as an ordinary test. An
 * empty or missing folder fails: a corpus that says nothing is a mistake.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int
replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = NULL;
    size_t n = 0, cap = 0, got;

    if (file == NULL)
        return 0;
    do {
        if (cap - n < 4096) {
            cap += 65536;
            bytes = realloc(bytes, cap);
            if (bytes == NULL)
                abort();
        }
        got = fread(bytes + n, 1, cap - n, file);
        n += got;
    } while (got > 0);
    fclose(file);
    bytes = realloc(bytes, n > 0 ? n : 1); /* exact size, for ASan */
    LLVMFuzzerTestOneInput(bytes, n);
    free(bytes);
    return 1;
}

int
main(int argc, char **argv)
{
    char path[4096];
    struct dirent *entry;
    int count = 0;
    DIR *dir;

    if (argc != 2 || (dir = opendir(argv[1])) == NULL) {
        fprintf(stderr, "usage: %s CORPUS-FOLDER (cannot open it)\n", argv[0]);
        return 1;
    }
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
        count += replay(path);
    }
    closedir(dir);
    printf("%d inputs replayed\n", count);
    return count > 0 ? 0 : 1;
}
