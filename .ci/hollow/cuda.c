/*
 * Stand-ins for the CUDA 13 libraries under onnxruntime's CUDA provider, for a machine without a GPU. Device memory is memory of the host, a copy
 * copies, a launch does nothing. Here stand the functions whose answers the provider reads; build.mjs adds all others that it links or looks
 * up, each of which succeeds and does nothing.
 *
 * HOLLOW_SM names the card: 75, 80, 86, 89, 90 (default) or 120.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { SUCCESS = 0, OUT_OF_MEMORY = 2 };
#define MIB ((size_t)1 << 20)

/* An object that the provider only passes back. It is larger than the descriptors that cuDNN and cuBLASLt fill in. */
static int object(void **out) {
  *out = calloc(1, 1024);
  return *out ? SUCCESS : OUT_OF_MEMORY;
}

/* ---- the card, as far as the provider asks: which kernels it chooses depends on it ---- */
struct card {
  int sm, multiprocessors, sharedPerBlockMost, threadsPerMultiprocessor, l2;
};
static const struct card known[] = {
    {75, 40, 64 << 10, 1024, 4 << 20},   {80, 108, 163 << 10, 2048, 40 << 20}, {86, 84, 99 << 10, 1536, 6 << 20},
    {89, 142, 99 << 10, 1536, 96 << 20}, {90, 132, 227 << 10, 2048, 60 << 20}, {120, 170, 99 << 10, 1536, 96 << 20},
};

static const struct card *card(void) {
  const char *asked = getenv("HOLLOW_SM");
  int sm = asked ? atoi(asked) : 90;
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
    if (known[i].sm == sm) return &known[i];
  return &known[4];
}

/* cudaDeviceProp of CUDA 13: its beginning by offset, since only that is read, in a block of its whole size. */
enum { PROPERTIES = 1008 };
int cudaGetDeviceProperties(char *out) {
  struct {
    char name[256], identity[24];
    unsigned mask;
    size_t memory, sharedPerBlock;
    int registers, warp;
    size_t pitch;
    int threads, block[3], grid[3];
    size_t constants;
    int major, minor;
    size_t textureAlignment, texturePitch;
    int multiprocessors;
  } p = {.name = "hollow", .memory = 80 * 1024 * MIB, .sharedPerBlock = 48 << 10, .registers = 1 << 16, .warp = 32, .pitch = INT32_MAX,
         .threads = 1024, .block = {1024, 1024, 64}, .grid = {INT32_MAX, 65535, 65535}, .constants = 64 << 10,
         .major = card()->sm / 10, .minor = card()->sm % 10, .textureAlignment = 512, .texturePitch = 32,
         .multiprocessors = card()->multiprocessors};
  memset(out, 0, PROPERTIES);
  memcpy(out, &p, sizeof p);
  return SUCCESS;
}

/* By the numbers of cudaDeviceAttr. */
int cudaDeviceGetAttribute(int *out, int attribute) {
  const struct card *c = card();
  switch (attribute) {
    case 1: *out = 1024; break; /* threads of a block */
    case 8: *out = 48 << 10; break; /* shared memory of a block */
    case 10: *out = 32; break; /* threads of a warp */
    case 16: *out = c->multiprocessors; break;
    case 38: *out = c->l2; break;
    case 39: *out = c->threadsPerMultiprocessor; break;
    case 75: *out = c->sm / 10; break;
    case 76: *out = c->sm % 10; break;
    case 81: *out = c->sharedPerBlockMost + 1024; break; /* shared memory of a multiprocessor */
    case 97: *out = c->sharedPerBlockMost; break;
    default: *out = 1;
  }
  return SUCCESS;
}

int cudaGetDeviceCount(int *out) { *out = 1; return SUCCESS; }
int cudaGetDevice(int *out) { *out = 0; return SUCCESS; }
int cudaDriverGetVersion(int *out) { *out = 13000; return SUCCESS; }
int cudaRuntimeGetVersion(int *out) { *out = 13000; return SUCCESS; }
int cudaMemGetInfo(size_t *available, size_t *total) { *total = 80 * 1024 * MIB; *available = *total - 2048 * MIB; return SUCCESS; }
const char *cudaGetErrorName(int code) { return code ? "failure" : "cudaSuccess"; }
const char *cudaGetErrorString(int code) { return code ? "failure" : "no error"; }

/* ---- memory ---- */
int cudaMalloc(void **out, size_t size) { return posix_memalign(out, 512, size ? size : 1) ? OUT_OF_MEMORY : SUCCESS; }
int cudaMallocHost(void **out, size_t size) { return cudaMalloc(out, size); }
int cudaHostAlloc(void **out, size_t size) { return cudaMalloc(out, size); }
int cudaMallocAsync(void **out, size_t size) { return cudaMalloc(out, size); }
int cudaMallocFromPoolAsync(void **out, size_t size) { return cudaMalloc(out, size); }
int cudaFree(void *block) { free(block); return SUCCESS; }
int cudaFreeHost(void *block) { free(block); return SUCCESS; }
int cudaFreeAsync(void *block) { free(block); return SUCCESS; }
int cudaMemcpy(void *to, const void *from, size_t size) { memmove(to, from, size); return SUCCESS; }
int cudaMemcpyAsync(void *to, const void *from, size_t size) { memmove(to, from, size); return SUCCESS; }
int cudaMemcpy2DAsync(char *to, size_t toPitch, const char *from, size_t fromPitch, size_t width, size_t rows) {
  while (rows-- > 0) {
    memmove(to, from, width);
    to += toPitch;
    from += fromPitch;
  }
  return SUCCESS;
}
int cudaMemset(void *to, int byte, size_t size) { memset(to, byte, size); return SUCCESS; }
int cudaMemsetAsync(void *to, int byte, size_t size) { memset(to, byte, size); return SUCCESS; }
int cudaMemPoolCreate(void **out) { return object(out); }
int cudaMemPoolGetAttribute(void *pool, int attribute, uint64_t *out) { *out = 0; return SUCCESS; }

/* ---- streams, events, graphs ---- */
int cudaStreamCreate(void **out) { return object(out); }
int cudaStreamCreateWithFlags(void **out) { return object(out); }
int cudaStreamIsCapturing(void *stream, int *out) { *out = 0; return SUCCESS; }
int cudaStreamEndCapture(void *stream, void **out) { return object(out); }
int cudaEventCreate(void **out) { return object(out); }
int cudaEventCreateWithFlags(void **out) { return object(out); }
int cudaEventElapsedTime(float *out) { *out = 0.001f; return SUCCESS; }
int cudaGraphInstantiate(void **out) { return object(out); }

/* ---- kernels ---- */
void **__cudaRegisterFatBinary(void) { static void *module[8]; return module; }
void __cudaRegisterFatBinaryEnd(void) {}
void __cudaUnregisterFatBinary(void) {}
void __cudaRegisterFunction(void) {}
void __cudaRegisterVar(void) {}
int __cudaGetKernel(const void **out, const void *function) { *out = function; return SUCCESS; }
unsigned __cudaPushCallConfiguration(void) { return SUCCESS; }
int __cudaPopCallConfiguration(unsigned grid[3], unsigned block[3], size_t *shared, void **stream) {
  for (int axis = 0; axis < 3; axis++) grid[axis] = block[axis] = 1;
  *shared = 0;
  *stream = 0;
  return SUCCESS;
}
/* cudaFuncAttributes: three sizes, then the threads of a block. */
int cudaFuncGetAttributes(char *out) {
  const int threads = 1024;
  memset(out, 0, 144);
  memcpy(out + 3 * sizeof(size_t), &threads, sizeof threads);
  return SUCCESS;
}
int cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int *out) { *out = 2; return SUCCESS; }
int cudaLibraryLoadData(void **out) { return object(out); }
int cudaLibraryGetKernel(void **out) { return object(out); }
static int nothing(void) { return SUCCESS; }
int cudaGetDriverEntryPointByVersion(const char *name, void **out, unsigned version, uint64_t flags, int *found) {
  if (found) *found = 0; /* cudaDriverEntryPointSuccess */
  *out = (void *)nothing;
  return SUCCESS;
}

/* ---- cuBLAS ---- */
int cublasCreate_v2(void **out) { return object(out); }
int cublasGetMathMode(void *handle, int *out) { *out = 0; return SUCCESS; }
const char *cublasGetStatusName(int code) { return code ? "failure" : "CUBLAS_STATUS_SUCCESS"; }
const char *cublasGetStatusString(int code) { return cublasGetStatusName(code); }
int cublasLtCreate(void **out) { return object(out); }
int cublasLtMatmulDescCreate(void **out) { return object(out); }
int cublasLtMatmulPreferenceCreate(void **out) { return object(out); }
int cublasLtMatrixLayoutCreate(void **out) { return object(out); }
int cublasLtMatrixTransformDescCreate(void **out) { return object(out); }
/* One algorithm that needs no workspace; a result has 96 bytes. */
int cublasLtMatmulAlgoGetHeuristic(void *handle, void *op, void *a, void *b, void *c, void *d, void *wish, int most, void *out, int *found) {
  memset(out, 0, 96);
  *found = 1;
  return SUCCESS;
}

/* ---- cuDNN: it says yes to everything ---- */
size_t cudnnGetVersion(void) { return 91800; }
size_t cudnnGetCudartVersion(void) { return 13000; }
const char *cudnnGetErrorString(int code) { return code ? "failure" : "CUDNN_STATUS_SUCCESS"; }
void cudnnGetLastErrorString(char *out, size_t size) { if (size) *out = 0; }
int cudnnBackendCreateDescriptor(int kind, void **out) { return object(out); }
/* One element, 0; an element that is a descriptor (15) is the caller's own. */
int cudnnBackendGetAttribute(void *descriptor, int attribute, int type, int64_t most, int64_t *found, void *out) {
  if (found) *found = 1;
  if (out && most > 0 && type != 15) memset(out, 0, 8);
  return SUCCESS;
}
