/* The C face of SwiftTorch: what other languages call.
 *
 * Goals, in order: no call ends the process, whatever it is given; memory is shared, not copied; few calls.
 *
 * Handles. Tensors, modules and generators are seen through handles, numbers that are never used twice. A handle is
 * owned by whoever got it and is given back with `st_release`; the object lives on while other objects need it. 0 is
 * no object. A handle that was given back, or never given out, is an error, not a crash.
 *
 * Errors. Functions that can fail return a negative status, or the handle 0; `st_error_kind`, `st_error_message` and
 * `st_error_operator` then say why, on the thread that made the call.
 *
 * Threads. Every function may be called from every thread. Concurrent reads of a tensor are safe, the order of writes is
 * the caller's to keep. Gradient modes belong to the thread.
 *
 * Processes. A process that has run parallel operators and then forks must not run them in the child without `exec`: the
 * threads of the pool do not exist there.
 *
 * The face is stable: functions and constants are added, their meaning does not change within one ST_ABI_VERSION.
 */
#ifndef SWIFT_TORCH_H
#define SWIFT_TORCH_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ST_ABI_VERSION 1
/* The most dimensions a tensor has. */
#define ST_MAX_RANK 12

typedef uint64_t st_handle;
typedef int32_t st_status; /* 0, or negative where the call failed */

/* ---- Errors ---------------------------------------------------------------------------------------------------- */

/* The kind of this thread's last error: "shape", "dtype", "index", "value", "device", "autograd", "memory", "type",
 * "notImplemented", "serialization", "data", "io", "state" or "handle"; NULL before the first one. The texts live until
 * the thread's next error. */
const char *st_error_kind(void);
/* What went wrong, in PyTorch's words where PyTorch has this error. */
const char *st_error_message(void);
/* The operator that refused and what it was given ("aten::mm of float32[2, 3], float32[4, 5]"), or "". */
const char *st_error_operator(void);

/* ---- Values ---------------------------------------------------------------------------------------------------- */

enum st_kind {
  ST_NONE = 0,
  ST_TENSOR = 1,        /* handle */
  ST_INT = 2,           /* i */
  ST_DOUBLE = 3,        /* d */
  ST_BOOL = 4,          /* i: 0 or 1 */
  ST_COMPLEX = 5,       /* d, im */
  ST_STRING = 6,        /* text, count bytes of UTF-8; zero-terminated too where the library made it */
  ST_DTYPE = 7,         /* i: PyTorch's ScalarType code (enum st_dtype) */
  ST_DEVICE = 8,        /* text: "cpu", "cuda:0" */
  ST_MEMORY_FORMAT = 9, /* i: 0 contiguous, 1 preserve, 2 channels last, 3 channels last 3d */
  ST_GENERATOR = 10,    /* handle */
  ST_LIST = 11,         /* items, count */
  ST_TUPLE = 12,        /* items, count */
  ST_DICT = 13,         /* items, count: key, value, key, value, ...; ST_ORDERED in flags: an OrderedDict */
  ST_BYTES = 14,        /* text, count */
  ST_SIZE = 15,         /* items, count: a torch.Size */
  ST_SET = 16,          /* items, count */
  ST_BIG_INT = 17,      /* text: decimal digits of an integer beyond 64 bits */
  ST_OBJECT = 18,       /* items: the class's name, a tuple of arguments, the state; kept as data */
  ST_MODULE = 19        /* handle */
};

enum st_value_flags {
  /* In an argument: `text` and `items` count bytes from the start of the block of arguments, so that a call can be packed
   * into one block of memory that has no addresses in it. */
  ST_RELATIVE = 1,
  /* In a result: the tensor is the call's argument number `i`, itself; no handle was made. */
  ST_SAME = 2,
  ST_ORDERED = 4
};

enum st_dtype {
  ST_UINT8 = 0, ST_INT8 = 1, ST_INT16 = 2, ST_INT32 = 3, ST_INT64 = 4, ST_FLOAT16 = 5, ST_FLOAT32 = 6, ST_FLOAT64 = 7,
  ST_COMPLEX64 = 9, ST_COMPLEX128 = 10, ST_BOOLEAN = 11, ST_BFLOAT16 = 15
};

/* A value of any kind, 24 bytes. */
typedef struct st_value {
  uint32_t kind;
  uint32_t flags;
  union {
    int64_t i;
    double d;
    st_handle handle;
    const char *text;
    struct st_value *items;
    uint64_t word;
  };
  union {
    int64_t count;
    double im;
    uint64_t identity; /* of a tensor in a result: as in st_tensor_info */
  };
} st_value;

/* Frees the memory behind `count` values that the library made; with `release_handles`, gives their handles back too. */
void st_values_clear(st_value *values, int64_t count, int32_t release_handles);

/* ---- Handles --------------------------------------------------------------------------------------------------- */

/* Another handle of the same object; 0 where `handle` is none. */
st_handle st_retain(st_handle handle);
/* Gives a handle back. */
st_status st_release(st_handle handle);
/* How many handles there are. */
int64_t st_handle_count(void);

/* ---- Tensors --------------------------------------------------------------------------------------------------- */

enum st_tensor_flags {
  ST_REQUIRES_GRAD = 1, ST_IS_LEAF = 2, ST_IS_CONTIGUOUS = 4, ST_IS_INFERENCE = 8, ST_HAS_GRAD = 16
};

typedef struct st_tensor_info {
  int64_t rank;
  int32_t dtype; /* enum st_dtype */
  uint32_t flags;
  int64_t offset;   /* in elements, as strides are */
  int64_t version;  /* in-place writes that the memory has seen */
  int64_t numel;
  uint64_t identity; /* the same for two handles of one tensor, while there is one */
  uint64_t storage;  /* the same for tensors that share memory, while there is one */
  int64_t storage_bytes;
  int64_t sizes[ST_MAX_RANK];
  int64_t strides[ST_MAX_RANK];
} st_tensor_info;

typedef void (*st_deleter)(void *context);

/* A tensor on memory of the caller's; nothing is copied. `strides` are in elements, NULL stands for row-major.
 * `deleter(context)` is called once, from any thread, when the last tensor on the memory is gone; where the call fails it
 * is not called. The memory is written to by in-place operators. */
st_handle st_tensor_from_memory(
  void *data, int32_t dtype, int64_t rank, const int64_t *sizes, const int64_t *strides, st_deleter deleter,
  void *context);
st_status st_tensor_get_info(st_handle tensor, st_tensor_info *info);
/* The address of the first element, in plain strides. From then on the memory stays where it is and as it is arranged, until
 * the last tensor on it is gone: `resize_` is refused. NULL is an error only where `st_tensor_get_info` fails. */
void *st_tensor_data(st_handle tensor);
/* A handle that keeps the tensor's memory alive, and nothing else of it. */
st_handle st_tensor_storage(st_handle tensor);
/* The one element as a number. */
st_status st_tensor_item(st_handle tensor, st_value *result);
/* The tensor as PyTorch prints it. */
st_status st_tensor_describe(st_handle tensor, st_value *result);
/* A part of a tensor, as Python's `tensor[terms]`: an int (an index), a bool, none (a new dimension), a tensor (indices or a
 * mask), the string "..." or a tuple of start, end and step, each none or an int. */
st_handle st_tensor_subscript(st_handle tensor, const st_value *terms, int64_t count, int64_t block_bytes);
/* `tensor[terms] = value`; the value is a tensor or a number. */
st_status st_tensor_assign(
  st_handle tensor, const st_value *terms, int64_t count, int64_t block_bytes, const st_value *value);
/* Makes `tensor` hold what `source` holds: PyTorch's `tensor.data = source`. */
st_status st_tensor_set_data(st_handle tensor, st_handle source);

/* ---- Operators ------------------------------------------------------------------------------------------------- */

/* The schemas of all operators, one a line, in PyTorch's notation, the number of an operator being that of its line from 0.
 * The text lives as long as the process. */
const char *st_schemas(void);
int64_t st_operator_count(void);
/* The number of the operator `name` ("aten::add.Tensor"), or -1. */
int64_t st_operator_find(const char *name);
/* Calls an operator with a value for each parameter of its schema. `block_bytes` is the size of the memory at
 * `arguments`, needed where values in it are ST_RELATIVE. At most `capacity` results are stored; how many there are is
 * returned, or a negative status. */
int64_t st_call(
  int64_t op, const st_value *arguments, int64_t count, int64_t block_bytes, st_value *results, int64_t capacity);

/* ---- Gradients ------------------------------------------------------------------------------------------------- */

st_status st_tensor_set_requires_grad(st_handle tensor, int32_t requires_grad);
/* The gradient collected in a leaf: its handle, or 0 in `gradient` where there is none. */
st_status st_tensor_grad(st_handle tensor, st_handle *gradient);
/* Sets the gradient; 0 takes it away. */
st_status st_tensor_set_grad(st_handle tensor, st_handle gradient);
st_status st_tensor_retain_grad(st_handle tensor);
/* The name of the recorded call that made the tensor (a string), or none. */
st_status st_tensor_grad_fn(st_handle tensor, st_value *result);
/* Called with the gradient whenever one is computed. It owns `gradient` and returns a handle, which the library then
 * owns, of what takes the gradient's place, or 0 to keep it. */
typedef st_handle (*st_hook)(void *context, st_handle gradient);
/* Adds a hook; the handle returned takes it off again with `st_hook_remove`. */
st_handle st_tensor_register_hook(st_handle tensor, st_hook hook, st_deleter deleter, void *context);
st_status st_hook_remove(st_handle hook);
/* Sums the gradients of `tensors` into the leaves. `gradients` may be NULL, and entries of it 0. `retain_graph` is 0, 1, or -1
 * for PyTorch's default. */
st_status st_backward(
  const st_handle *tensors, const st_handle *gradients, int64_t count, int32_t retain_graph, int32_t create_graph);
/* The gradients of `outputs` with respect to `inputs`, into `results`; 0 for an unused input where that is allowed. */
st_status st_gradients(
  const st_handle *outputs, const st_handle *output_gradients, int64_t output_count, const st_handle *inputs,
  int64_t input_count, int32_t retain_graph, int32_t create_graph, int32_t allow_unused, st_handle *results);

/* ---- The thread's modes, random numbers, threads ----------------------------------------------------------------- */

enum st_mode { ST_GRAD_MODE = 0, ST_INFERENCE_MODE = 1 };
/* Whether the calling thread is in a mode; whether it was before it was set. */
int32_t st_mode_get(int32_t mode);
int32_t st_mode_set(int32_t mode, int32_t enabled);

int32_t st_default_dtype(void);
st_status st_set_default_dtype(int32_t dtype);

st_handle st_generator_create(void);
st_handle st_generator_default(void);
st_status st_generator_seed(st_handle generator, uint64_t seed);
st_status st_generator_initial_seed(st_handle generator, uint64_t *seed);
/* The state as bytes, which `st_generator_set_state` and PyTorch's `set_rng_state` take. */
st_status st_generator_state(st_handle generator, st_value *bytes);
st_status st_generator_set_state(st_handle generator, const uint8_t *bytes, int64_t count);

int32_t st_num_threads(void);
st_status st_set_num_threads(int32_t count);

/* How tensors are printed: PyTorch's options; `scientific` is 0, 1, or -1 for as the numbers need it. */
st_status st_set_print_options(
  int32_t precision, int64_t threshold, int64_t edge_items, int64_t line_width, int32_t scientific);

/* ---- Files ----------------------------------------------------------------------------------------------------- */

/* torch.load and torch.save: nested dictionaries, lists, numbers and tensors. With `map`, elements stay in the file until
 * they are used. */
st_status st_load(const char *path, int32_t map, st_value *result);
st_status st_save(const st_value *value, int64_t block_bytes, const char *path);
/* Dictionaries of tensors by name. `metadata` is a dictionary of strings, or NULL. */
st_status st_safetensors_load(const char *path, int32_t map, st_value *result);
st_status st_safetensors_metadata(const char *path, st_value *result);
st_status st_safetensors_save(
  const st_value *tensors, int64_t block_bytes, const st_value *metadata, int64_t metadata_bytes, const char *path);
st_status st_npz_load(const char *path, st_value *result);
st_status st_npz_save(const st_value *tensors, int64_t block_bytes, const char *path);

/* ---- Modules --------------------------------------------------------------------------------------------------- */

/* TorchScript archives. `extra_names` is a list of names of files to read beside the module, or NULL; what they hold comes
 * back in `extra_files`, a dictionary of texts. */
st_handle st_module_load(const char *path, const st_value *extra_names, int64_t block_bytes, st_value *extra_files);
/* `extra_files` is a dictionary of texts to write beside the module, or NULL. */
st_status st_module_save(st_handle module, const char *path, const st_value *extra_files, int64_t block_bytes);
/* Calls a method; `arguments` is a tuple of a list (arguments in order) and a dictionary (those by name). Numbers, lists and
 * tuples become what the parameters' types ask for where PyTorch would convert them too. */
st_status st_module_call(
  st_handle module, const char *method, const st_value *arguments, int64_t block_bytes, st_value *result);
/* An attribute, or a submodule. */
st_status st_module_get(st_handle module, const char *name, st_value *result);
st_status st_module_set(st_handle module, const char *name, const st_value *value, int64_t block_bytes);
/* Puts the module into training mode, or into evaluation mode with 0. */
st_status st_module_train(st_handle module, int32_t mode);
enum st_module_list_kind {
  ST_METHODS = 0,    /* a list of names */
  ST_PARAMETERS = 1, /* dictionaries by name: of tensors, … */
  ST_BUFFERS = 2,
  ST_STATE = 3,
  ST_CHILDREN = 4    /* … of modules */
};
st_status st_module_list(st_handle module, int32_t what, st_value *result);
st_status st_module_load_state(st_handle module, const st_value *state, int64_t block_bytes, int32_t strict);
/* The module as text: 0 as it is printed, 1 the source of `method`, 2 its graph. */
st_status st_module_describe(st_handle module, const char *method, int32_t form, st_value *result);

/* ONNX models. Their parameters, buffers and state are listed as those of other modules. */
st_handle st_onnx_load(const char *path);
/* A tuple of two lists: the names of the inputs and of the outputs. */
st_status st_onnx_ports(st_handle module, st_value *result);
/* Runs a model on a dictionary of inputs by name, tensors or lists of them; the results come in a list. */
st_status st_onnx_run(st_handle module, const st_value *inputs, int64_t block_bytes, st_value *result);

/* ---- DLPack ---------------------------------------------------------------------------------------------------- */

/* Reference: https://dmlc.github.io/dlpack/latest/ */

typedef struct {
  int32_t device_type; /* 1: CPU */
  int32_t device_id;
} st_dl_device;

typedef struct {
  uint8_t code; /* 0 int, 1 uint, 2 float, 4 bfloat, 5 complex, 6 bool */
  uint8_t bits;
  uint16_t lanes;
} st_dl_type;

typedef struct {
  void *data;
  st_dl_device device;
  int32_t ndim;
  st_dl_type dtype;
  int64_t *shape;
  int64_t *strides; /* in elements; NULL: row-major */
  uint64_t byte_offset;
} st_dl_tensor;

/* DLManagedTensor, of capsules named "dltensor". */
typedef struct st_dl_managed {
  st_dl_tensor tensor;
  void *manager;
  void (*deleter)(struct st_dl_managed *);
} st_dl_managed;

#define ST_DL_READ_ONLY 1
#define ST_DL_COPIED 2

/* DLManagedTensorVersioned, of capsules named "dltensor_versioned". */
typedef struct st_dl_managed_versioned {
  uint32_t major, minor;
  void *manager;
  void (*deleter)(struct st_dl_managed_versioned *);
  uint64_t flags;
  st_dl_tensor tensor;
} st_dl_managed_versioned;

/* The tensor's memory for another library, which calls `deleter` when it is done; NULL on failure. `copied` says that the
 * tensor was copied for the purpose. */
st_dl_managed *st_to_dlpack(st_handle tensor);
st_dl_managed_versioned *st_to_dlpack_versioned(st_handle tensor, int32_t copied);
/* A tensor on another library's memory. On success the library owns `managed` and calls its deleter once, from any thread,
 * when the last tensor on it is gone. */
st_handle st_from_dlpack(st_dl_managed *managed);
st_handle st_from_dlpack_versioned(st_dl_managed_versioned *managed);

/* ---- Python ---------------------------------------------------------------------------------------------------- */

/* What `st_python_*` need of the interpreter, which the library is not linked to. */
typedef struct st_python_functions {
  int (*is_initialized)(void);           /* Py_IsInitialized */
  int (*ensure)(void);                   /* PyGILState_Ensure */
  void (*release)(int);                  /* PyGILState_Release */
  void (*decrement)(void *);             /* Py_DecRef */
  int (*capsule_is_valid)(void *, const char *);      /* PyCapsule_IsValid */
  void *(*capsule_pointer)(void *, const char *);     /* PyCapsule_GetPointer */
} st_python_functions;

void st_python_start(const st_python_functions *functions);
/* A deleter whose context is an object that the library then owns a reference to. */
void st_python_drop(void *object);
/* The destructor of a capsule made of `st_to_dlpack` or `st_to_dlpack_versioned`: deletes what nobody took. */
void st_python_drop_capsule(void *capsule);

int32_t st_abi_version(void);

#ifdef __cplusplus
}
#endif
#endif
