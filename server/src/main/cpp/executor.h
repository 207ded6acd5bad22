/*
 * The port between our bridge and an executor of decoder models: TensorRT-LLM's (trtllm_executor.cc) or, on machines
 * without a GPU, one that echoes (echo_executor.cc). C only, so that neither side sees the other's types; exactly one
 * implementation is linked into a library.
 *
 * Rules: every function but poll may be called from any thread; poll belongs to one. Nothing throws. Pointers in
 * arguments are read during the call only; what poll hands out stays valid until the next poll or close. Numbers are
 * what TensorRT-LLM 1.2.1's executor.h calls them.
 */
#ifndef GRAFT_EXECUTOR_H
#define GRAFT_EXECUTOR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct graft_executor graft_executor;

/* What a call came to; anything but GRAFT_OK comes with a message. */
enum graft_code { GRAFT_OK = 0, GRAFT_INVALID = 1, GRAFT_BUSY = 2, GRAFT_FAILED = 3, GRAFT_CLOSED = 4 };

enum graft_dtype { GRAFT_FLOAT32 = 0, GRAFT_FLOAT16 = 1, GRAFT_BFLOAT16 = 2 };

enum graft_guide { GRAFT_NO_GUIDE = 0, GRAFT_JSON = 1, GRAFT_JSON_SCHEMA = 2, GRAFT_REGEX = 3, GRAFT_EBNF = 4 };

enum graft_reason {
  GRAFT_RUNNING = 0,
  GRAFT_STOP_TOKEN = 1,
  GRAFT_LENGTH = 2,
  GRAFT_CANCELLED = 3,
  GRAFT_TIMED_OUT = 4,
  GRAFT_ERROR = 5
};

/* A sentence, always terminated. */
typedef struct {
  char text[1024];
} graft_message;

typedef struct {
  const char* engine_folder;     /* as trtllm-build writes it */
  int32_t device;                /* CUDA ordinal */
  int32_t max_waiting;           /* requests beyond the running ones; more are refused as busy */
  int32_t max_running;           /* 0: as many as the engine was built for */
  float kv_free_fraction;        /* of the free device memory, for the KV cache */
  int64_t kv_host_bytes;         /* second KV tier; 0: none */
  int64_t adapter_host_bytes;    /* the executor's own adapter cache in host memory */
  float adapter_device_fraction; /* of the device memory left after the engine */
  int32_t max_adapter_rank;      /* the engine's own limit */
  const char* vocabulary;        /* tokens in order of their ids, each ended by a zero byte; empty: no guides */
  size_t vocabulary_bytes;
  const char* tokenizer;         /* text of tokenizer.json, or "" */
  const int32_t* stop_tokens;    /* that end guided answers */
  size_t stop_token_count;
  const char* extra;             /* of one implementation only: words of the form key=value */
} graft_options;

typedef struct {
  const int32_t* prompt;
  size_t prompt_length;
  int32_t max_tokens;
  float temperature; /* 0: greedy */
  float top_p;
  int32_t top_k; /* 0: all */
  float min_p;
  float frequency_penalty;
  float presence_penalty;
  float repetition_penalty;
  int32_t seeded;
  uint64_t seed;
  const int32_t* bias_tokens;
  const float* bias_values;
  size_t bias_count;
  const int32_t* stop_tokens;
  size_t stop_token_count;
  int32_t top_logprobs;  /* alternatives a token; -1: no probabilities at all */
  uint64_t adapter;      /* task id; 0: the base alone */
  int32_t send_adapter;  /* with the weights that put_adapter gave */
  float priority;        /* 0 to 1, 0.5 is usual */
  uint64_t salt;         /* only equal salts share cached KV; 0: none */
  int64_t allotted_ms;   /* 0: no limit */
  int32_t guide;         /* graft_guide */
  const char* guide_text;
} graft_request;

/* News of one request: some tokens, its end, or both. */
typedef struct {
  uint64_t id;
  const int32_t* tokens;
  size_t token_count;
  const float* logprobs;        /* [token_count], null if not asked for */
  const float* logsumexps;      /* [token_count], null if not asked for */
  size_t top_count;
  const int32_t* top_tokens;    /* [token_count, top_count], likeliest first */
  const float* top_logprobs;    /* [token_count, top_count] */
  int32_t reason;               /* graft_reason */
  int32_t cached_prompt_tokens; /* with the end; -1: not known */
  int64_t queue_us;             /* with the end: until it was first scheduled; -1: not known */
  const char* error;            /* with GRAFT_ERROR */
} graft_response;

typedef struct {
  int32_t running;
  int32_t waiting;
  int32_t kv_blocks;
  int32_t kv_free_blocks;
  int32_t tokens_per_block;
  int64_t steps;
  int64_t paused; /* preemptions since the start */
} graft_stats;

/* "tensorrt" or "echo". */
const char* graft_executor_kind(void);

int32_t graft_executor_open(const graft_options* options, graft_executor** executor, graft_message* message);

int32_t graft_executor_submit(graft_executor* executor, const graft_request* request, uint64_t* id,
                              graft_message* message);

/* Waits for news at most timeout_ms; none is GRAFT_OK with a count of 0. */
int32_t graft_executor_poll(graft_executor* executor, int32_t timeout_ms, const graft_response** responses,
                            size_t* count, graft_message* message);

/* The request still ends with a response; an unknown id is ignored. */
void graft_executor_cancel(graft_executor* executor, uint64_t id);

/*
 * Keeps a copy of an adapter's tensors for the requests that send them.
 * weights [rows, width] of dtype; config [rows, 4] of module, layer, rank, whether DoRA.
 */
int32_t graft_executor_put_adapter(graft_executor* executor, uint64_t task, int32_t dtype, const void* weights,
                                   size_t rows, size_t width, const int32_t* config, graft_message* message);

/* Forgets that copy; what the executor has cached goes by its own rules. */
void graft_executor_drop_adapter(graft_executor* executor, uint64_t task);

void graft_executor_stats(graft_executor* executor, graft_stats* stats);

/* Ends everything; no other call may be running or follow. */
void graft_executor_close(graft_executor* executor);

#ifdef __cplusplus
}
#endif
#endif
