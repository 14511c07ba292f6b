// Modules of a plugin: where a name leads, and what is there. Part of engine.c.
//
// The prelude decides (paths, package.json, CommonJS); here is only what it cannot
// do in JavaScript. Text becomes code by its path in `sources` and in no other way,
// so that a plugin that replaces what the prelude calls gains nothing.

// Compiles one text and is gone before it looks at it: what the compiler calls on the
// way may be the plugin's own (a name that is looked up, an error that is described).
static JSValue compile_one(JSContext *ctx, JSValueConst this_obj, const char *input,
                           size_t input_len, const char *filename, int line, int flags,
                           int scope_idx) {
    if (strict) ctx->eval_internal = refuse_code;
    return __JS_EvalInternal(ctx, this_obj, input, input_len, filename, line, flags, scope_idx);
}

// The one place where text becomes code once the engine is closed.
static JSValue compile(const char *path, const char *text, size_t len, int flags) {
    JSEvalOptions options = {
        .version = JS_EVAL_OPTIONS_VERSION,
        .eval_flags = flags | JS_EVAL_FLAG_COMPILE_ONLY,
        .filename = path,
        .line_num = 1,
    };
    if (strict) context->eval_internal = compile_one;
    JSValue code = JS_Eval2(context, text, len, &options);
    if (strict) context->eval_internal = refuse_code;
    return code;
}

// The text at `path`, owned by the caller, or NULL with an exception.
static const char *source_of(const char *path, size_t *len) {
    JSValue text = JS_GetPropertyStr(context, sources, path);
    if (!JS_IsString(text)) {
        JS_FreeValue(context, text);
        throw_plain(JS_PLAIN_ERROR, "there is no file %s in the package", path);
        return NULL;
    }
    const char *bytes = JS_ToCStringLen(context, len, text);
    JS_FreeValue(context, text);
    return bytes;
}

static const char HEAD[] = "(function (exports, require, module, __filename, __dirname) {";
static const char TAIL[] = "\n})";

// script(path): the function around a CommonJS module.
static JSValue native_script(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    (void)this_val; (void)argc;
    const char *path = JS_ToCString(ctx, argv[0]);
    if (!path) return JS_EXCEPTION;
    JSValue result = JS_EXCEPTION;
    size_t len;
    const char *text = source_of(path, &len);
    if (!text) goto out;
    size_t start = 0;
    if (len > 1 && text[0] == '#' && text[1] == '!')
        while (start < len && text[start] != '\n') start++;
    size_t size = sizeof(HEAD) - 1 + (len - start) + sizeof(TAIL) - 1;
    char *whole = js_malloc(ctx, size + 1);
    if (whole) {
        memcpy(whole, HEAD, sizeof(HEAD) - 1);
        memcpy(whole + sizeof(HEAD) - 1, text + start, len - start);
        memcpy(whole + size - (sizeof(TAIL) - 1), TAIL, sizeof(TAIL));
        JSValue code = compile(path, whole, size, JS_EVAL_TYPE_GLOBAL);
        js_free(ctx, whole);
        if (!JS_IsException(code)) result = JS_EvalFunction(ctx, code);
    }
    JS_FreeCString(ctx, text);
out:
    JS_FreeCString(ctx, path);
    return result;
}

// module(path): a promise of what the module exports.
static JSValue native_module(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    (void)this_val; (void)argc;
    const char *path = JS_ToCString(ctx, argv[0]);
    if (!path) return JS_EXCEPTION;
    bool outer = linking;
    linking = true;
    JSValue promise = JS_LoadModule(ctx, "", path);
    linking = outer;
    JS_FreeCString(ctx, path);
    return promise;
}

// looksLikeModule(path)
static JSValue native_looks_like_module(JSContext *ctx, JSValueConst this_val, int argc,
                                        JSValueConst *argv) {
    (void)this_val; (void)argc;
    const char *path = JS_ToCString(ctx, argv[0]);
    if (!path) return JS_EXCEPTION;
    size_t len;
    const char *text = source_of(path, &len);
    JS_FreeCString(ctx, path);
    if (!text) return JS_EXCEPTION;
    bool is = JS_DetectModule(text, len);
    JS_FreeCString(ctx, text);
    return js_bool(is);
}

// Called by QuickJS: the path that `name` means in the module `base`.
static char *normalize(JSContext *ctx, const char *base, const char *name, void *opaque) {
    (void)opaque;
    if (strict && !linking) {
        throw_plain(JS_TYPE_ERROR, "import() of %s is refused in strict mode; "
                    "name the module in an import statement", name);
        return NULL;
    }
    JSValue args[2] = { JS_NewString(ctx, base), JS_NewString(ctx, name) };
    JSValue path = JS_Call(ctx, prelude_resolve, JS_UNDEFINED, 2, vc(args));
    JS_FreeValue(ctx, args[0]);
    JS_FreeValue(ctx, args[1]);
    if (JS_IsException(path)) return NULL;
    const char *text = JS_ToCString(ctx, path);
    JS_FreeValue(ctx, path);
    if (!text) return NULL;
    char *copy = js_strdup(ctx, text);
    JS_FreeCString(ctx, text);
    return copy;
}

static int fill_values(JSContext *ctx, JSModuleDef *m) {
    JSValue values = JS_GetModulePrivateValue(ctx, m);
    JSPropertyEnum *names;
    uint32_t count;
    if (JS_GetOwnPropertyNames(ctx, &names, &count, values, JS_GPN_STRING_MASK)) return -1;
    int failed = 0;
    for (uint32_t at = 0; at < count && !failed; at++) {
        const char *name = JS_AtomToCString(ctx, names[at].atom);
        JSValue value = JS_GetProperty(ctx, values, names[at].atom);
        failed = !name || JS_IsException(value) || JS_SetModuleExport(ctx, m, name, value);
        JS_FreeCString(ctx, name);
    }
    JS_FreePropertyEnum(ctx, names, count);
    JS_FreeValue(ctx, values);
    return failed ? -1 : 0;
}

// A module whose exports are the properties of an object: CommonJS, JSON.
static JSModuleDef *from_values(JSContext *ctx, const char *path, JSValue values) {
    JSModuleDef *m = JS_NewCModule(ctx, path, fill_values);
    JSPropertyEnum *names;
    uint32_t count;
    if (!m || JS_GetOwnPropertyNames(ctx, &names, &count, values, JS_GPN_STRING_MASK)) return NULL;
    for (uint32_t at = 0; at < count; at++) {
        const char *name = JS_AtomToCString(ctx, names[at].atom);
        if (!name || JS_AddModuleExport(ctx, m, name)) return NULL;
        JS_FreeCString(ctx, name);
    }
    JS_FreePropertyEnum(ctx, names, count);
    if (JS_SetModulePrivateValue(ctx, m, values)) return NULL;
    return m;
}

static int set_text(JSContext *ctx, JSValue meta, const char *name, const char *prefix,
                    const char *text, size_t len) {
    JSValue value = JS_NewStringLen(ctx, text, len);
    if (*prefix) value = JS_ConcatString(ctx, JS_NewString(ctx, prefix), value);
    return JS_DefinePropertyValueStr(ctx, meta, name, value, JS_PROP_C_W_E);
}

// Called by QuickJS for each path once.
static JSModuleDef *load(JSContext *ctx, const char *path, void *opaque, JSValueConst attributes) {
    (void)opaque; (void)attributes;
    JSValue name = JS_NewString(ctx, path);
    JSValue values = JS_Call(ctx, prelude_provide, JS_UNDEFINED, 1, &name);
    JS_FreeValue(ctx, name);
    if (JS_IsException(values)) return NULL;
    if (JS_IsObject(values)) return from_values(ctx, path, values);
    size_t len;
    const char *text = source_of(path, &len);
    if (!text) return NULL;
    JSValue code = compile(path, text, len, JS_EVAL_TYPE_MODULE);
    JS_FreeCString(ctx, text);
    if (JS_IsException(code)) return NULL;
    JSModuleDef *m = JS_VALUE_GET_PTR(code);
    JS_FreeValue(ctx, code);
    JSValue meta = JS_GetImportMeta(ctx, m);
    const char *slash = strrchr(path, '/');
    size_t folder = slash ? (size_t)(slash - path) : 0;
    set_text(ctx, meta, "url", "file://", path, strlen(path));
    set_text(ctx, meta, "filename", "", path, strlen(path));
    set_text(ctx, meta, "dirname", "", folder ? path : "/", folder ? folder : 1);
    JS_FreeValue(ctx, meta);
    return m;
}
