#ifndef SALLYPORT_BIN_BUILD_LAYOUT_H
#define SALLYPORT_BIN_BUILD_LAYOUT_H

/* argv[0] is "layout"; the exit status. */
int layout_main(int argc, char **argv);

#endif
