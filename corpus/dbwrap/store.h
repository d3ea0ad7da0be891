/* A small store of text records: the library that dbwrap wraps.
 * Knows nothing of Python. */
#ifndef STORE_H
#define STORE_H

typedef struct store store;

/* Return non-zero to stop the scan. */
typedef int (*store_visitor)(void *userdata, long key, const char *value);
/* Called before every change; return non-zero to veto it. */
typedef int (*store_hook)(void *userdata, const char *action, long key);

store *store_open(void);
void store_close(store *s);
int store_put(store *s, long key, const char *value);	/* 0, -1 no memory, 1 vetoed */
int store_delete(store *s, long key);			/* 0, -1 no such key, 1 vetoed */
long store_count(const store *s);
int store_scan(store *s, store_visitor visit, void *userdata);
void store_set_hook(store *s, store_hook hook, void *userdata);

#endif
