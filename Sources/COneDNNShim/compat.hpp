// The one place that knows what oneDNN 2.6 and 3.x do differently; everything else is written once.
//
// 2.x describes an operation in a `desc` and makes a primitive descriptor of it; 3.x makes the primitive descriptor
// directly. 2.x shows the fields of a memory descriptor; 3.x answers queries.
#pragma once
#include <oneapi/dnnl/dnnl.hpp>

#include <utility>

#include "onednn_shim.h"

namespace tdnn {

using Desc = dnnl::memory::desc;
using Dims = dnnl::memory::dims;
using Attributes = dnnl::primitive_attr;

const dnnl::engine &engine();

// What a memory descriptor says about its blocks. `known` is false for formats that are not blocks and strides.
struct Blocking {
  bool known = false;
  Dims strides, padded, block_sizes, block_dims;
};

#if DNNL_VERSION_MAJOR >= 3

constexpr bool kBackwardCountsShift = false;

template <class Primitive, class... Arguments>
typename Primitive::primitive_desc describe(const Attributes &attributes, const Arguments &...arguments) {
  return typename Primitive::primitive_desc(engine(), arguments..., attributes);
}

template <class Primitive, class Forward, class... Arguments>
typename Primitive::primitive_desc describe_backward(
    const Attributes &attributes, const Forward &forward, const Arguments &...arguments) {
  return typename Primitive::primitive_desc(engine(), arguments..., forward, attributes);
}

template <class Primitive>
typename Primitive::primitive_desc describe_normalization(
    const Attributes &attributes, dnnl::prop_kind kind, const Desc &data, float epsilon,
    dnnl::normalization_flags flags) {
  return describe<Primitive>(attributes, kind, data, data, epsilon, flags);
}

template <class Primitive, class Forward>
typename Primitive::primitive_desc describe_normalization_backward(
    const Attributes &attributes, const Forward &forward, dnnl::prop_kind kind, const Desc &data, float epsilon,
    dnnl::normalization_flags flags) {
  return describe_backward<Primitive>(attributes, forward, kind, data, data, data, epsilon, flags);
}

inline Blocking blocking(const Desc &desc) {
  Blocking result;
  result.known = desc.get_format_kind() == dnnl::memory::format_kind::blocked;
  if (!result.known) return result;
  result.strides = desc.get_strides();
  result.padded = desc.get_padded_dims();
  result.block_sizes = desc.get_inner_blks();
  result.block_dims = desc.get_inner_idxs();
  return result;
}

inline Dims dimensions(const Desc &desc) { return desc.get_dims(); }
inline dnnl::memory::data_type data_type(const Desc &desc) { return desc.get_data_type(); }

#else

constexpr bool kBackwardCountsShift = true;

template <class Primitive, class... Arguments>
typename Primitive::primitive_desc describe(const Attributes &attributes, const Arguments &...arguments) {
  return typename Primitive::primitive_desc(typename Primitive::desc(arguments...), attributes, engine());
}

template <class Primitive, class Forward, class... Arguments>
typename Primitive::primitive_desc describe_backward(
    const Attributes &attributes, const Forward &forward, const Arguments &...arguments) {
  return typename Primitive::primitive_desc(typename Primitive::desc(arguments...), attributes, engine(), forward);
}

template <class Primitive>
typename Primitive::primitive_desc describe_normalization(
    const Attributes &attributes, dnnl::prop_kind kind, const Desc &data, float epsilon,
    dnnl::normalization_flags flags) {
  return describe<Primitive>(attributes, kind, data, epsilon, flags);
}

template <class Primitive, class Forward>
typename Primitive::primitive_desc describe_normalization_backward(
    const Attributes &attributes, const Forward &forward, dnnl::prop_kind kind, const Desc &data, float epsilon,
    dnnl::normalization_flags flags) {
  return describe_backward<Primitive>(attributes, forward, kind, data, data, epsilon, flags);
}

inline Blocking blocking(const Desc &desc) {
  Blocking result;
  const auto &data = desc.data;
  const auto &blocks = data.format_desc.blocking;
  result.known = data.format_kind == dnnl_blocked && data.extra.flags == 0;
  if (!result.known) return result;
  result.strides.assign(blocks.strides, blocks.strides + data.ndims);
  result.padded.assign(data.padded_dims, data.padded_dims + data.ndims);
  result.block_sizes.assign(blocks.inner_blks, blocks.inner_blks + blocks.inner_nblks);
  result.block_dims.assign(blocks.inner_idxs, blocks.inner_idxs + blocks.inner_nblks);
  return result;
}

inline Dims dimensions(const Desc &desc) { return desc.dims(); }
inline dnnl::memory::data_type data_type(const Desc &desc) { return desc.data_type(); }

#endif

}  // namespace tdnn
