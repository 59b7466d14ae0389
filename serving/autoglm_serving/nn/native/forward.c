/* All layers of a step in one call: between its products the thread that computes asks nothing of Python, whose lock the
 * threads that serve hold meanwhile. The same kernels in the same order as layer by layer. */
#include "kernels.h"
#include <math.h>

enum { PARALLEL = 1 << 18 }; /* elements under which work is done before a second thread has woken up */

typedef struct {
  const uint32_t *qkv, *output, *gate_up, *down;
  const bf16 *qkv_bias, *before_attention, *after_attention, *before_mlp, *after_mlp;
  const bf16 *following; /* the norm before the next layer, or the last one */
} Layer;

typedef struct {
  int64_t layers, hidden, heads, kv_heads, dim, inner, rotary;
  float epsilon;
} Shape;

/* Rows of one sequence, as in plan.py. */
typedef struct {
  int64_t first, rows, context;
  const int64_t *blocks;
} Chunk;

typedef struct {
  int64_t rows, answers, width; /* of all, of answers, of the answers' table of blocks */
  const int64_t *blocks, *lengths, *slots, *wanted;
  int64_t chunks, wants; /* how many; -1 wants them all */
  const Chunk *chunk;
  const float *cos, *sin;
  uint32_t *memory;
  int64_t layer_size, block_size; /* of the memory, in elements of 32 bits; in tokens */
} Step;

/* Room for a step: x and normed [rows][hidden] (x is overwritten), and what lies between products. */
typedef struct {
  bf16 *x, *normed, *qkv, *attended, *product, *gated;
  uint32_t *room;
} Buffers;

static inline int64_t of(int64_t threads, int64_t elements) { return elements >= PARALLEL ? threads : 1; }

static void attention(const Shape *s, const Step *step, const Buffers *b, uint32_t *memory, int64_t threads) {
  const int64_t stride = (s->heads + 2 * s->kv_heads) * s->dim, out = s->heads * s->dim;
  const float scale = 1.0f / sqrtf((float)s->dim);
  rotate_and_keep(b->qkv, memory, step->slots, step->cos, step->sin, step->rows, s->heads, s->kv_heads, s->dim,
                  s->rotary, of(threads, step->rows * stride));
  if (step->answers)
    answers(b->attended, b->qkv, stride, memory, step->blocks, step->lengths, step->width, step->answers, s->heads,
            s->kv_heads, s->dim, step->block_size, scale,
            of(threads, step->answers * step->width * step->block_size * s->kv_heads * s->dim));
  for (int64_t i = 0; i < step->chunks; i++) {
    const Chunk *c = step->chunk + i;
    attend(b->attended + c->first * out, out, b->qkv + c->first * stride, stride, memory, c->blocks, step->block_size,
           c->rows, c->context, c->context - c->rows, s->heads, s->kv_heads, s->dim, scale,
           of(threads, c->rows * c->context * s->heads));
  }
}

/* The rows of x and attended that are wanted, to the front; they are in order. */
static int64_t choose(const Shape *s, const Step *step, const Buffers *b) {
  const int64_t out = s->heads * s->dim;
  for (int64_t i = 0; i < step->wants; i++) {
    memmove(b->x + i * s->hidden, b->x + step->wanted[i] * s->hidden, s->hidden * sizeof(bf16));
    memmove(b->attended + i * out, b->attended + step->wanted[i] * out, out * sizeof(bf16));
  }
  return step->wants;
}

/* Leaves in normed what the last norm gives of the wanted rows. */
void forward(const Layer *layers, const Shape *s, const Step *step, const Buffers *b, int64_t threads) {
  const int64_t hidden = s->hidden, out = s->heads * s->dim, all = out + 2 * s->kv_heads * s->dim;
  int64_t rows = step->rows;
  rms_norm(b->normed, b->x, layers->before_attention, rows, hidden, s->epsilon, of(threads, rows * hidden));
  for (int64_t i = 0; i < s->layers; i++) {
    const Layer *l = layers + i;
    product(b->qkv, all, b->normed, hidden, l->qkv, l->qkv_bias, b->room, rows, all, hidden, 0,
            of(threads, all * hidden));
    attention(s, step, b, step->memory + i * step->layer_size, threads);
    if (i == s->layers - 1 && step->wants >= 0) rows = choose(s, step, b);
    product(b->product, hidden, b->attended, out, l->output, 0, b->room, rows, hidden, out, 0,
            of(threads, hidden * out));
    add_and_norm(b->x, b->normed, b->x, b->product, l->after_attention, l->before_mlp, rows, hidden, s->epsilon,
                 of(threads, rows * hidden));
    product(b->gated, s->inner, b->normed, hidden, l->gate_up, 0, b->room, rows, 2 * s->inner, hidden, 1,
            of(threads, 2 * s->inner * hidden));
    product(b->product, hidden, b->gated, s->inner, l->down, 0, b->room, rows, hidden, s->inner, 0,
            of(threads, hidden * s->inner));
    add_and_norm(b->x, b->normed, b->x, b->product, l->after_mlp, l->following, rows, hidden, s->epsilon,
                 of(threads, rows * hidden));
  }
}
