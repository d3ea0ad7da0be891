#include <stdlib.h>
#include <string.h>

#include "store.h"

struct record {
	struct record *next;
	long key;
	char *value;
};

struct store {
	struct record *first;
	long count;
	store_hook hook;
	void *userdata;
};

store *store_open(void)
{
	return calloc(1, sizeof(store));
}

void store_close(store *s)
{
	struct record *r;

	while ((r = s->first) != NULL) {
		s->first = r->next;
		free(r->value);
		free(r);
	}
	free(s);
}

/* The link that points to the record, or to where it belongs. */
static struct record **find(store *s, long key)
{
	struct record **link = &s->first;

	while (*link && (*link)->key < key)
		link = &(*link)->next;
	return link;
}

int store_put(store *s, long key, const char *value)
{
	struct record **link, *r;
	char *copy;

	if (s->hook && s->hook(s->userdata, "put", key))
		return 1;
	copy = malloc(strlen(value) + 1);
	if (!copy)
		return -1;
	strcpy(copy, value);
	link = find(s, key);
	if (*link && (*link)->key == key) {
		free((*link)->value);
		(*link)->value = copy;
		return 0;
	}
	r = malloc(sizeof *r);
	if (!r) {
		free(copy);
		return -1;
	}
	r->key = key;
	r->value = copy;
	r->next = *link;
	*link = r;
	s->count++;
	return 0;
}

int store_delete(store *s, long key)
{
	struct record **link, *r;

	if (s->hook && s->hook(s->userdata, "delete", key))
		return 1;
	link = find(s, key);
	r = *link;
	if (!r || r->key != key)
		return -1;
	*link = r->next;
	free(r->value);
	free(r);
	s->count--;
	return 0;
}

long store_count(const store *s)
{
	return s->count;
}

int store_scan(store *s, store_visitor visit, void *userdata)
{
	struct record *r;
	int stop = 0;

	for (r = s->first; r && !stop; r = r->next)
		stop = visit(userdata, r->key, r->value);
	return stop;
}

void store_set_hook(store *s, store_hook hook, void *userdata)
{
	s->hook = hook;
	s->userdata = userdata;
}
