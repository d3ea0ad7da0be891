/* termline: edits one line at a time on the terminal of the process.
 *
 * There is one terminal, so there is one of everything here: the history, the
 * word completer and the line that is being edited. */
#ifndef TERMLINE_H
#define TERMLINE_H

#define TERMLINE_MAX 256

typedef char *(*termline_completer)(const char *text, int number);
typedef void (*termline_hook)(void);

/* The application sets these. */
extern termline_completer termline_complete_word;
extern termline_hook termline_before_line;

/* The line that is being edited. */
extern char termline_buffer[TERMLINE_MAX];

/* Edits `typed`; a tab asks for completion.  Returns the finished line, or
 * NULL if it got too long. */
const char *termline_edit(const char *prompt, const char *typed);

int termline_history_add(const char *line);
const char *termline_history_get(int index);
int termline_history_length(void);
void termline_history_clear(void);

#endif
