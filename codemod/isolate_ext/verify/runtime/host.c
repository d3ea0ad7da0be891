/* Starts a Python runtime, runs a script in it and ends it again, once for each specification.

       host PYTHON JOURNAL keep|take SCRIPT SPEC...

   PYTHON is the interpreter whose library, prefix and environment are used; the script finds its
   specification in sys.argv[1].  The journal says, line by line, which runtime has reached what;
   its last lines tell where a process died.

   What the runtimes allocate comes from memory of the host that is never given to a later one, so
   an address tells the runtime that an object belongs to.  The module _isolate_ext_host, which
   the script imports, answers such questions.  With "take", the objects of a runtime that has
   ended cannot be read any more: whoever uses one dies at that very place. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <execinfo.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define ALIGNMENT 16
#define SMALL 1024
#define LARGE ((size_t)1 << 20)
#define CLASSES (SMALL / ALIGNMENT + 16)
#define OWN_CHUNK CLASSES
#define CHUNK (16 * LARGE)
#define FILLED 512
#define CHUNKS 4096
#define FRAMES 48

static int runtime;
static int journal = -1;

static void
note(const char *text)
{
    dprintf(journal, "%d %s\n", runtime, text);
}


/* Memory by runtime */

typedef union header {
    struct {
        size_t capacity;
        size_t class;
    };
    union header *next;
    char aligned[ALIGNMENT];
} header;

typedef struct {
    char *start;
    char *end;
    int runtime;
    int objects;
    int left;
} chunk;

typedef struct {
    int objects;
    char *fresh;
    char *end;
    header *spare[CLASSES];
} pool;

static chunk chunks[CHUNKS];
static int chunk_count;
static pool object_pool = {.objects = 1};
static pool buffer_pool;

static chunk *
chunk_of(const void *address)
{
    for (chunk *each = chunks; each < chunks + chunk_count; each++) {
        if ((char *)address >= each->start && (char *)address < each->end) {
            return each;
        }
    }
    return NULL;
}

/* Up to SMALL by ALIGNMENT, then by powers of two; what is larger than LARGE is a chunk itself. */
static size_t
class_of(size_t size, size_t *capacity)
{
    if (size > LARGE) {
        *capacity = size;
        return OWN_CHUNK;
    }
    if (size <= SMALL) {
        size_t class = (size + ALIGNMENT - 1) / ALIGNMENT;
        *capacity = class * ALIGNMENT;
        return class;
    }
    size_t class = SMALL / ALIGNMENT + 1;
    for (*capacity = 2 * SMALL; *capacity < size; *capacity *= 2) {
        class++;
    }
    return class;
}

static char *
add_chunk(pool *owner, size_t size)
{
    if (chunk_count == CHUNKS) {
        return NULL;
    }
    char *start = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED) {
        return NULL;
    }
    chunks[chunk_count++] = (chunk){start, start + size, runtime, owner->objects};
    return start;
}

static header *
carve(pool *from, size_t class, size_t size)
{
    if (class == OWN_CHUNK) {
        return (header *)add_chunk(from, size);
    }
    if ((size_t)(from->end - from->fresh) < size) {
        char *start = add_chunk(from, CHUNK);
        if (start == NULL) {
            return NULL;
        }
        from->fresh = start;
        from->end = start + CHUNK;
    }
    header *block = (header *)from->fresh;
    from->fresh += size;
    return block;
}

static void *
host_malloc(void *context, size_t size)
{
    pool *from = context;
    size_t capacity;
    if (size > PY_SSIZE_T_MAX / 4) {
        return NULL;
    }
    size_t class = class_of(size ? size : 1, &capacity);
    header *block = class == OWN_CHUNK ? NULL : from->spare[class];
    if (block != NULL) {
        from->spare[class] = block->next;
    }
    else {
        block = carve(from, class, sizeof(header) + capacity);
        if (block == NULL) {
            return NULL;
        }
    }
    block->capacity = capacity;
    block->class = class;
    return block + 1;
}

static void *
host_calloc(void *context, size_t count, size_t size)
{
    if (size != 0 && count > PY_SSIZE_T_MAX / size) {
        return NULL;
    }
    void *made = host_malloc(context, count * size);
    return made == NULL ? NULL : memset(made, 0, count * size);
}

static int
is_of_now(const void *given)
{
    chunk *home = chunk_of(given);
    return home != NULL && home->runtime == runtime;
}

static void
host_free(void *context, void *given)
{
    pool *to = context;
    if (given == NULL || !is_of_now(given)) {
        return;
    }
    header *block = (header *)given - 1;
    size_t class = block->class;
    if (class == OWN_CHUNK) {
        chunk *home = chunk_of(given);
        munmap(home->start, (size_t)(home->end - home->start));
        *home = chunks[--chunk_count];
        return;
    }
    memset(given, 0xDD, block->capacity < FILLED ? block->capacity : FILLED);
    if (!chunk_of(given)->left) {
        block->next = to->spare[class];
        to->spare[class] = block;
    }
}

static void *
host_realloc(void *context, void *given, size_t size)
{
    if (given == NULL) {
        return host_malloc(context, size);
    }
    size_t capacity = ((header *)given - 1)->capacity;
    if (size <= capacity && is_of_now(given)) {
        return given;
    }
    void *made = host_malloc(context, size);
    if (made != NULL) {
        memcpy(made, given, size < capacity ? size : capacity);
        host_free(context, given);
    }
    return made;
}

static void
take_memory_over(void)
{
#ifndef Py_GIL_DISABLED
    PyMemAllocatorEx objects = {&object_pool, host_malloc, host_calloc, host_realloc, host_free};
    PyMemAllocatorEx buffers = {&buffer_pool, host_malloc, host_calloc, host_realloc, host_free};
    PyMem_SetAllocator(PYMEM_DOMAIN_OBJ, &objects);
    PyMem_SetAllocator(PYMEM_DOMAIN_MEM, &buffers);
#endif
}

/* What is allocated from now on lies in other chunks. */
static void
leave_memory(void)
{
    object_pool = (pool){.objects = 1};
    buffer_pool = (pool){.objects = 0};
    for (chunk *each = chunks; each < chunks + chunk_count; each++) {
        each->left = 1;
    }
}

static void
end_memory(int take)
{
    leave_memory();
    for (chunk *each = chunks; take && each < chunks + chunk_count; each++) {
        if (each->objects) {
            mprotect(each->start, (size_t)(each->end - each->start), PROT_NONE);
        }
    }
}


/* Who died */

static const int deadly[] = {SIGSEGV, SIGBUS, SIGABRT};
static struct sigaction earlier[3];
static int have_earlier;
static volatile sig_atomic_t told;

static void
on_death(int number, siginfo_t *info, void *Py_UNUSED(context))
{
    if (told++ || !have_earlier) {
        signal(number, SIG_DFL);
    }
    for (int i = 0; have_earlier && i < 3; i++) {
        sigaction(deadly[i], &earlier[i], NULL);
    }
    if (told == 1) {
        void *frames[FRAMES];
        chunk *home = number == SIGABRT ? NULL : chunk_of(info->si_addr);
        dprintf(journal, "%d fault %d\n", runtime, home == NULL ? 0 : home->runtime);
        backtrace_symbols_fd(frames, backtrace(frames, FRAMES), journal);
    }
    have_earlier = 0;
    if (number == SIGABRT) {
        raise(number);
    }
}

static void
watch(struct sigaction *saved)
{
    struct sigaction mine = {.sa_sigaction = on_death, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigemptyset(&mine.sa_mask);
    for (int i = 0; i < 3; i++) {
        sigaction(deadly[i], &mine, saved == NULL ? NULL : &saved[i]);
    }
    have_earlier = saved != NULL;
}


/* What the script may ask */

typedef struct {
    const char *library;
    PyObject *found;
} search;

static int
scan_segment(const ElfW(Addr) base, const ElfW(Phdr) *segment, PyObject *found)
{
    uintptr_t *word = (uintptr_t *)(base + segment->p_vaddr);
    uintptr_t *end = (uintptr_t *)(base + segment->p_vaddr + segment->p_memsz);
    for (word = (uintptr_t *)(((uintptr_t)word + 7) & ~(uintptr_t)7); word + 1 <= end; word++) {
        chunk *home = chunk_of((void *)*word);
        if (home == NULL || home->runtime == runtime) {
            continue;
        }
        unsigned long long offset = (uintptr_t)word - base;
        PyObject *one = Py_BuildValue("Kii", offset, home->runtime, home->objects);
        if (one == NULL || PyList_Append(found, one) < 0) {
            Py_XDECREF(one);
            return -1;
        }
        Py_DECREF(one);
    }
    return 0;
}

static int
scan_library(struct dl_phdr_info *info, size_t Py_UNUSED(size), void *data)
{
    search *wanted = data;
    char path[PATH_MAX];
    if (realpath(info->dlpi_name, path) == NULL || strcmp(path, wanted->library) != 0) {
        return 0;
    }
    ElfW(Addr) relro = 0, relro_end = 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        if (info->dlpi_phdr[i].p_type == PT_GNU_RELRO) {
            relro = info->dlpi_phdr[i].p_vaddr;
            relro_end = relro + info->dlpi_phdr[i].p_memsz;
        }
    }
    for (int i = 0; i < info->dlpi_phnum; i++) {
        ElfW(Phdr) segment = info->dlpi_phdr[i];
        if (segment.p_type != PT_LOAD || !(segment.p_flags & PF_W)) {
            continue;
        }
        if (segment.p_vaddr >= relro && segment.p_vaddr < relro_end) {
            segment.p_memsz -= relro_end - segment.p_vaddr;
            segment.p_vaddr = relro_end;
        }
        if (scan_segment(info->dlpi_addr, &segment, wanted->found) < 0) {
            return -1;
        }
    }
    return 0;
}

PyDoc_STRVAR(stale_doc,
"stale($module, library, /)\n--\n\n"
"The static storage of a loaded library that points into the memory of earlier runtimes:\n"
"a list of (offset in the library, number of the runtime, whether it is an object).");

static PyObject *
stale(PyObject *Py_UNUSED(module), PyObject *library)
{
    const char *path = PyUnicode_AsUTF8(library);
    if (path == NULL) {
        return NULL;
    }
    search wanted = {path, PyList_New(0)};
    if (wanted.found == NULL) {
        return NULL;
    }
    if (dl_iterate_phdr(scan_library, &wanted) < 0) {
        Py_CLEAR(wanted.found);
    }
    return wanted.found;
}

PyDoc_STRVAR(made_by_doc,
"made_by($module, object, /)\n--\n\n"
"The number of the runtime whose memory an object lies in; 0 for one in static storage.");

static PyObject *
made_by(PyObject *Py_UNUSED(module), PyObject *object)
{
    chunk *home = chunk_of(object);
    return PyLong_FromLong(home == NULL ? 0 : home->runtime);
}

PyDoc_STRVAR(move_doc,
"move($module, /)\n--\n\n"
"What is made from now on lies elsewhere, as it does in another runtime.");

static PyObject *
move(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(ignored))
{
    leave_memory();
    Py_RETURN_NONE;
}

PyDoc_STRVAR(note_doc,
"note($module, text, /)\n--\n\n"
"Write to the journal what comes next.");

static PyObject *
note_text(PyObject *Py_UNUSED(module), PyObject *text)
{
    const char *line = PyUnicode_AsUTF8(text);
    if (line == NULL) {
        return NULL;
    }
    note(line);
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"stale", stale, METH_O, stale_doc},
    {"made_by", made_by, METH_O, made_by_doc},
    {"move", move, METH_NOARGS, move_doc},
    {"note", note_text, METH_O, note_doc},
    {NULL, NULL, 0, NULL},
};

static int
add_number(PyObject *module)
{
    return PyModule_AddIntConstant(module, "runtime", runtime);
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, add_number},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_isolate_ext_host",
    .m_methods = methods,
    .m_slots = slots,
};

static PyObject *
init_module(void)
{
    return PyModuleDef_Init(&definition);
}


/* One runtime after the other */

static int
say(PyStatus status)
{
    fprintf(stderr, "Fatal Python error: %s\n", status.err_msg ? status.err_msg : "exit");
    return -1;
}

static int
start(const char *python, char *const arguments[2])
{
    PyPreConfig first;
    PyPreConfig_InitIsolatedConfig(&first);
    first.configure_locale = 1;
    first.utf8_mode = 1;
    PyStatus status = Py_PreInitialize(&first);
    if (PyStatus_Exception(status)) {
        return say(status);
    }
    take_memory_over();
    PyConfig config;
    PyConfig_InitIsolatedConfig(&config);
    config.write_bytecode = 0;
    config.faulthandler = 1;
    config.install_signal_handlers = 1;
    config.use_hash_seed = 1;
    config.hash_seed = 0;
    status = PyConfig_SetBytesString(&config, &config.program_name, python);
    if (!PyStatus_Exception(status)) {
        status = PyConfig_SetBytesArgv(&config, 2, arguments);
    }
    if (!PyStatus_Exception(status)) {
        status = Py_InitializeFromConfig(&config);
    }
    PyConfig_Clear(&config);
    return PyStatus_Exception(status) ? say(status) : 0;
}

static int
run(const char *script)
{
    PyObject *main = PyImport_AddModule("__main__");
    PyObject *path = PySys_GetObject("path");
    PyObject *name = PyUnicode_DecodeFSDefault(script);
    PyObject *folder = name ? PyUnicode_DecodeFSDefaultAndSize(
        script, strrchr(script, '/') ? strrchr(script, '/') - script : 0) : NULL;
    PyObject *result = NULL;
    FILE *file = fopen(script, "rb");
    if (main != NULL && path != NULL && folder != NULL && file != NULL
        && PyList_Insert(path, 0, folder) == 0
        && PyDict_SetItemString(PyModule_GetDict(main), "__file__", name) == 0)
    {
        PyObject *globals = PyModule_GetDict(main);
        result = PyRun_FileExFlags(file, script, Py_file_input, globals, globals, 0, NULL);
    }
    if (file != NULL) {
        fclose(file);
    }
    Py_XDECREF(folder);
    Py_XDECREF(name);
    if (result == NULL && PyErr_ExceptionMatches(PyExc_SystemExit)) {
        PyErr_Clear();
        return 0;
    }
    if (result == NULL) {
        PyErr_Print();
        return -1;
    }
    Py_DECREF(result);
    return 0;
}

static int
live(const char *python, const char *script, char *const arguments[2], int take)
{
    note("start");
    watch(NULL);
    if (PyImport_AppendInittab("_isolate_ext_host", init_module) < 0
        || start(python, arguments) < 0)
    {
        return 3;
    }
    watch(earlier);
    note("run");
    if (run(script) < 0) {
        return 4;
    }
    note("end");
    have_earlier = 0;
    if (Py_FinalizeEx() < 0) {
        note("unclean");
    }
    end_memory(take);
    note("over");
    return 0;
}

int
main(int count, char **arguments)
{
    if (count < 6) {
        fprintf(stderr, "usage: %s PYTHON JOURNAL keep|take SCRIPT SPEC...\n", arguments[0]);
        return 2;
    }
    void *frame;
    backtrace(&frame, 1);
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    journal = open(arguments[2], O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    if (journal < 0) {
        perror(arguments[2]);
        return 2;
    }
    int take = strcmp(arguments[3], "take") == 0;
    int status = 0;
    for (int i = 5; i < count && status == 0; i++) {
        char *const given[2] = {arguments[4], arguments[i]};
        runtime = i - 4;
        status = live(arguments[1], arguments[4], given, take);
    }
    return status;
}
