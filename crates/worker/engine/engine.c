// The JavaScript engine of Ringfence as one WebAssembly module: QuickJS-ng, this
// glue, and a prelude in JavaScript. README.md has the ABI and the reasons.
//
// QuickJS is included and not linked, because three things are reached that it
// does not offer: its limit on the stack (switched off for WASI), whether text may
// become code, and the state of Math.random.
#include "quickjs.c"

#include "engine.h"
#include "prelude.h"

// Bytes of the stack that recursion may use; the linker gives 1 MiB, the rest is for
// what is done about it. With --stack-first an overrun would be a trap.
#define STACK_FOR_RECURSION (320 * 1024)
// A call smaller than this needs no allocation before it. It lies between what every
// call writes, and not to spread that over pages it is no larger.
#define INBOX 1024
// Blocks up to this size, in bytes, have room in advance.
#define COMMON_SIZES 160

static JSRuntime *runtime;
static JSContext *context;
// Functions of the prelude.
static JSValue prelude_start, prelude_failure, prelude_tick, prelude_resolve, prelude_provide;
// The second argument of every action.
static JSValue prelude_ringfence;
// path -> text, with no prototype: what may become code, and nothing else.
static JSValue sources;
typedef struct Action {
    JSValue run, self;
} Action;
static Action *actions;
static uint32_t action_count;
static bool strict = true;
static bool random_is_fresh;
// Whether modules that are named by an import statement are being gathered; an
// `import()` comes when they are not.
static bool linking;
// Of the last call, for a host that keeps the state from one to the next.
static JSValue last_input, last_result, last_text;
static const char *last_answer;
static char inbox[INBOX];

// Throws an error of one of the kinds of the language.
static __attribute__((format(printf, 2, 3))) JSValue throw_plain(JSErrorEnum kind,
                                                                 const char *format, ...) {
    va_list ap;
    va_start(ap, format);
    JSValue value = JS_ThrowError(context, kind, format, ap);
    va_end(ap);
    return value;
}

static void set_stack_limit(void) {
    runtime->stack_limit = js_get_stack_pointer() - STACK_FOR_RECURSION;
}


// Text is refused as code. It stands for eval, Function and its three siblings.
static JSValue refuse_code(JSContext *ctx, JSValueConst this_obj, const char *input,
                           size_t input_len, const char *filename, int line, int flags,
                           int scope_idx) {
    (void)this_obj; (void)input; (void)input_len; (void)filename; (void)line;
    (void)flags; (void)scope_idx;
    (void)ctx;
    return throw_plain(JS_EVAL_ERROR,
                         "text may not become code in strict mode "
                         "(eval, Function and their like are refused)");
}

#include "settle.c"
#include "modules.c"
#include "natives.c"

EXPORT("inbox") int64_t engine_inbox(void) {
    return (int64_t)(uintptr_t)inbox << 32 | (INBOX - 1);
}

// Room for what the host hands over, with one byte more for the end of the text.
EXPORT("allocate") void *engine_allocate(size_t len) {
    if (len < INBOX) return inbox;
    if (len > SIZE_MAX - 1) return NULL;
    return malloc(len + 1);
}

// Uses up the gaps between what is there, so that what a call allocates lies side by
// side at the end: a call writes to few pages, and few have to be put back.
static void close_gaps(void) {
    char *end = malloc(64 * 1024);
    if (!end) return;
    for (size_t size = 32 * 1024; size >= 8; size -= size > 1024 ? size / 4 : 8) {
        for (;;) {
            char *gap = malloc(size);
            if (!gap) break;
            if (gap > end) {
                free(gap);
                break;
            }
        }
    }
    free(end);
}

// Leaves the room that is left between blocks that are there, and makes some for each
// common size, side by side: what a call allocates lies together, and not in a page
// here for each of its sizes.
static int make_arenas(void) {
    for (int size = 0; size < JS_ARENA_BLOCK_SIZE_COUNT; size++) {
        struct list_head *head = &runtime->arena_state.free_arena_list[size], *el, *next;
        list_for_each_safe(el, next, head) {
            init_list_head(el);
        }
        init_list_head(head);
    }
    for (int size = 0; arena_block_sizes[size] <= COMMON_SIZES; size++) {
        if (!arena_new(runtime, size)) return -1;
    }
    return 0;
}

static void for_ever(void *block) {
    if (JS_REF_COUNT(block) < FOR_EVER) JS_REF_COUNT(block) |= FOR_EVER;
}

// What is there now stays: nobody counts any more who uses it, and the collector does
// not come by. What is put back after a call needs no freeing, a page that holds nothing
// but counts that went up and down again needs no putting back, and one that is never
// written is shared with the engines of other plugins.
static void keep_for_ever(void) {
    struct list_head *el, *next;
    list_for_each_safe(el, next, &runtime->gc_obj_list) {
        JSGCObjectHeader *object = list_entry(el, JSGCObjectHeader, link);
        for_ever(object);
        init_list_head(el);
        if (JS_GC_TYPE(object) != JS_GC_OBJ_TYPE_FUNCTION_BYTECODE) continue;
        JSFunctionBytecode *code = (JSFunctionBytecode *)object;
        for (int at = 0; at < code->cpool_count; at++) {
            if (JS_IsString(code->cpool[at])) for_ever(JS_VALUE_GET_PTR(code->cpool[at]));
        }
    }
    init_list_head(&runtime->gc_obj_list);
    for (uint32_t at = 0; at < (uint32_t)runtime->atom_size; at++) {
        JSAtomStruct *atom = runtime->atom_array[at];
        if (!atom_is_free(atom)) for_ever(atom);
    }
}

EXPORT("prepare") int32_t engine_prepare(void) {
    runtime = JS_NewRuntime();
    if (!runtime) return -1;
    set_stack_limit();
    JS_SetCanBlock(runtime, false);
    JS_SetGCThreshold(runtime, (size_t)-1);
    context = JS_NewContext(runtime);
    if (!context || JS_AddIntrinsicDOMException(context)) return -1;
    JS_SetHostPromiseRejectionTracker(runtime, track_rejection, NULL);
    JS_SetModuleLoaderFunc2(runtime, normalize, load, NULL, NULL);
    sources = JS_NewObjectProto(context, JS_NULL);
    JSValue make = JS_Eval(context, (const char *)prelude, sizeof(prelude) - 1,
                           "ringfence:prelude", JS_EVAL_TYPE_GLOBAL | JS_EVAL_FLAG_STRICT);
    if (JS_IsException(make)) return -2;
    JSValue natives = make_natives();
    JSValue made = JS_Call(context, make, JS_UNDEFINED, 1, &natives);
    if (JS_IsException(made)) return -3;
    prelude_start = JS_GetPropertyStr(context, made, "start");
    prelude_failure = JS_GetPropertyStr(context, made, "failure");
    prelude_tick = JS_GetPropertyStr(context, made, "tick");
    prelude_resolve = JS_GetPropertyStr(context, made, "resolve");
    prelude_provide = JS_GetPropertyStr(context, made, "provide");
    prelude_ringfence = JS_GetPropertyStr(context, made, "ringfence");
    JS_FreeValue(context, made);
    JS_RunGC(runtime);
    keep_for_ever();
    close_gaps();
    return make_arenas();
}

// Keeps the texts that may become code: of the host, once, before anything of the
// plugin runs. No function of the prelude can add to them.
static int keep_sources(JSValueConst options) {
    JSValue given = JS_GetPropertyStr(context, options, "sources");
    JSPropertyEnum *names;
    uint32_t count;
    if (JS_GetOwnPropertyNames(context, &names, &count, given, JS_GPN_STRING_MASK)) return -1;
    int failed = 0;
    for (uint32_t at = 0; at < count && !failed; at++) {
        JSAtom path = names[at].atom;
        JSValue text = JS_GetProperty(context, given, path);
        failed = JS_IsException(text) ||
                 JS_DefinePropertyValue(context, sources, path, text, JS_PROP_ENUMERABLE) < 0;
    }
    JS_FreePropertyEnum(context, names, count);
    JS_FreeValue(context, given);
    return failed;
}

// Gathers the actions that the prelude found.
static int keep_actions(JSValueConst started) {
    JSValue handlers = JS_GetPropertyStr(context, started, "handlers");
    JSValue selves = JS_GetPropertyStr(context, started, "selves");
    int64_t count = 0;
    if (JS_GetLength(context, handlers, &count) || count < 0 || count > 256) return -1;
    actions = calloc((size_t)count + 1, sizeof(*actions));
    if (!actions) return -1;
    for (uint32_t at = 0; at < (uint32_t)count; at++) {
        actions[at].run = JS_GetPropertyUint32(context, handlers, at);
        actions[at].self = JS_GetPropertyUint32(context, selves, at);
    }
    action_count = (uint32_t)count;
    return 0;
}

EXPORT("initialise") int64_t engine_initialise(char *ptr, size_t len) {
    ptr[len] = 0;
    set_stack_limit();
    JSValue options = JS_ParseJSON(context, ptr, len, "ringfence:options");
    if (JS_IsException(options)) return failed();
    if (ptr != inbox) free(ptr);
    JSValue memory = JS_GetPropertyStr(context, options, "memory");
    int64_t bytes = 0;
    if (!JS_IsNumber(memory) || JS_ToInt64(context, &bytes, memory)) bytes = 0;
    JSValue is_strict = JS_GetPropertyStr(context, options, "strict");
    strict = JS_IsUndefined(is_strict) || JS_ToBool(context, is_strict);
    JSValue is_kept = JS_GetPropertyStr(context, options, "keep");
    bool keep = JS_ToBool(context, is_kept);
    if (strict) context->eval_internal = refuse_code;
    if (keep_sources(options)) return failed();
    // Module code allocates at its top level; garbage would be in every snapshot.
    JS_SetGCThreshold(runtime, 4 * 1024 * 1024);
    JSValue started = JS_Call(context, prelude_start, JS_UNDEFINED, 1, &options);
    JS_FreeValue(context, options);
    if (JS_IsException(started) || settle(&started)) return failed();
    if (keep_actions(started)) return failed();
    JSValue names = JS_GetPropertyStr(context, started, "names");
    JSValue text = JS_JSONStringify(context, names, JS_UNDEFINED, JS_UNDEFINED);
    if (JS_IsException(text)) return failed();
    JS_FreeValue(context, started);
    forget_rejections();
    JS_RunGC(runtime);
    size_t used = runtime->malloc_state.malloc_size;
    size_t room = bytes > (int64_t)used ? ((size_t)bytes - used) / 4 : 0;
    JS_SetGCThreshold(runtime, used + room);
    random_is_fresh = false;
    last_input = last_result = JS_UNDEFINED;
    last_text = text;
    int64_t names_of_actions = answer(text);
    close_gaps();
    if (!keep) {
        keep_for_ever();
        // The list of objects goes on where the next ones will lie.
        if (JS_IsException(JS_NewObject(context))) return failed();
    }
    return names_of_actions;
}

// Frees what the last call left, which is there when the host keeps the state: the
// answer was read since then. In a state that was put back there is nothing.
static void free_last_call(void) {
    if (last_answer) JS_FreeCString(context, last_answer);
    last_answer = NULL;
    JS_FreeValue(context, last_input);
    JS_FreeValue(context, last_result);
    JS_FreeValue(context, last_text);
    last_input = last_result = last_text = JS_UNDEFINED;
    forget_rejections();
    memory_was_refused = false;
}

// Nothing is freed at its end: after most calls the host puts the memory back.
EXPORT("call") int64_t engine_call(uint32_t index, char *ptr, size_t len) {
    set_stack_limit();
    if (index >= action_count) return failed_with("there is no action of this number");
    ptr[len] = 0;
    free_last_call();
    JSValue args[2];
    args[0] = last_input = JS_ParseJSON(context, ptr, len, "input");
    if (ptr != inbox) free(ptr);
    if (JS_IsException(args[0])) return failed();
    args[1] = prelude_ringfence;
    last_result = JS_Call(context, actions[index].run, actions[index].self, 2, args);
    if (JS_IsException(last_result) || settle(&last_result)) return failed();
    if (JS_IsUndefined(last_result)) last_result = JS_NULL;
    last_text = JS_JSONStringify(context, last_result, JS_UNDEFINED, JS_UNDEFINED);
    if (JS_IsException(last_text)) return not_json();
    // A function or a symbol says nothing in JSON.
    if (!JS_IsString(last_text)) last_text = JS_NewString(context, "null");
    return answer(last_text);
}
