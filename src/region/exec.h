/* The entry that translated programs call; exported by the worker. */
#ifndef SALLYPORT_REGION_EXEC_H
#define SALLYPORT_REGION_EXEC_H

/* Parameters are read through libcob, which knows their types. */
int zexec(void *plan, ...);

#endif
