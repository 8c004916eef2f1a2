// Where operations register themselves and are found by name.
//
// An operation is one functor in one family file (see loops-inl.h). Its registration, a static object beside it,
// hangs a node on a list before main; the first look-up sorts the list into a hash table and keeps, for every
// name and dtype, the loops of the best instruction set that this processor has.
#pragma once
#include "tk_map.h"
#include "types.h"

namespace tk {

// What an element costs relative to an addition: work is split finer over the pool where it is dear.
int loop_cost(tk_loop loop);

// For a plain copy, what copies a transposed matrix of its element size; NULL for other loops.
struct Transposed { tk_loop run; int64_t element; };
Transposed transposed_form(tk_loop loop);

struct Registration {
  const char *name;
  int64_t target;        // Highway's bit; 0 for loops compiled once
  int cost;
  const tk_loop *loops;  // by dtype, NULL where there is none
  Registration *next;
  Registration(const char *name, int64_t target, int cost, const tk_loop *loops);
};

// Names a family file, so that its registrations are linked in even out of a static library.
#define TK_FAMILY(NAME) namespace tk { int family_##NAME; }

bool target_supported(int64_t target);

}  // namespace tk
