#include "termline.h"

#include <stdlib.h>
#include <string.h>

termline_completer termline_complete_word = NULL;
termline_hook termline_before_line = NULL;
char termline_buffer[TERMLINE_MAX];

static char *history[TERMLINE_MAX];
static int history_length;

int
termline_history_add(const char *line)
{
    char *copy;

    if (history_length == TERMLINE_MAX)
        return -1;
    copy = malloc(strlen(line) + 1);
    if (copy == NULL)
        return -1;
    strcpy(copy, line);
    history[history_length++] = copy;
    return 0;
}

const char *
termline_history_get(int index)
{
    return index >= 0 && index < history_length ? history[index] : NULL;
}

int
termline_history_length(void)
{
    return history_length;
}

void
termline_history_clear(void)
{
    while (history_length > 0)
        free(history[--history_length]);
}

/* Replace the last word by the first completion of it, if there is one. */
static int
complete(size_t *used)
{
    size_t start = *used;
    char *found;

    while (start > 0 && termline_buffer[start - 1] != ' ')
        start--;
    found = termline_complete_word ? termline_complete_word(termline_buffer + start, 0) : NULL;
    if (found == NULL)
        return 0;
    if (start + strlen(found) >= TERMLINE_MAX) {
        free(found);
        return -1;
    }
    strcpy(termline_buffer + start, found);
    *used = strlen(termline_buffer);
    free(found);
    return 0;
}

const char *
termline_edit(const char *prompt, const char *typed)
{
    size_t used = 0;

    (void)prompt;
    termline_buffer[0] = '\0';
    if (termline_before_line)
        termline_before_line();
    used = strlen(termline_buffer);
    for (; *typed; typed++) {
        if (*typed == '\t') {
            if (complete(&used) < 0)
                return NULL;
            continue;
        }
        if (used + 1 >= TERMLINE_MAX)
            return NULL;
        termline_buffer[used++] = *typed;
        termline_buffer[used] = '\0';
    }
    return termline_buffer;
}
