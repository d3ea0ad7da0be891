/* The table of functions that `lending` exports in a capsule. */
#define LENDING_TABLE "lending.table"

typedef struct {
    int (*lend)(void);
    void (*give_back)(int number);
} lending_table;
