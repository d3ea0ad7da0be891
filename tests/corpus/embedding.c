/* Runs a Python script in one runtime after the other: embedding SCRIPT ROUNDS */

#include <Python.h>

int
main(int argc, char **argv)
{
    int rounds = argc > 2 ? atoi(argv[2]) : 0;
    int failed = 0;

    for (int i = 0; i < rounds && !failed; i++) {
        FILE *script = fopen(argv[1], "rb");
        if (script == NULL) {
            return 2;
        }
        Py_Initialize();
        failed = PyRun_SimpleFileEx(script, argv[1], 1);
        if (Py_FinalizeEx() < 0) {
            failed = 1;
        }
    }
    return failed != 0;
}
