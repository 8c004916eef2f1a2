// Layouts: interning, description, reorders.
#include <algorithm>
#include <shared_mutex>
#include <unordered_map>

#include "internal.hpp"
#include "threads.hpp"

namespace tdnn {

dnnl::memory::data_type onednn_type(tdnn_dtype dtype) {
  using Type = dnnl::memory::data_type;
  switch (dtype) {
    case TDNN_UINT8: return Type::u8;
    case TDNN_INT8: return Type::s8;
    case TDNN_INT32: return Type::s32;
    case TDNN_FLOAT16: return Type::f16;
    case TDNN_FLOAT32: return Type::f32;
    case TDNN_BFLOAT16: return Type::bf16;
  }
  throw Error{TDNN_UNSUPPORTED, "oneDNN has no such dtype"};
}

static tdnn_dtype dtype_of(dnnl::memory::data_type type) {
  using Type = dnnl::memory::data_type;
  switch (type) {
    case Type::u8: return TDNN_UINT8;
    case Type::s8: return TDNN_INT8;
    case Type::s32: return TDNN_INT32;
    case Type::f16: return TDNN_FLOAT16;
    case Type::f32: return TDNN_FLOAT32;
    case Type::bf16: return TDNN_BFLOAT16;
    default: throw Error{TDNN_UNSUPPORTED, "a oneDNN dtype that PyTorch does not have"};
  }
}

static int64_t element_bytes(tdnn_dtype dtype) {
  switch (dtype) {
    case TDNN_UINT8: case TDNN_INT8: return 1;
    case TDNN_FLOAT16: case TDNN_BFLOAT16: return 2;
    default: return 4;
  }
}

// [N][C/block][spatial…][block], nothing else blocked and no gaps.
static bool is_channel_blocked(const Blocking &blocks, int rank) {
  if (blocks.block_sizes.size() != 1 || blocks.block_dims[0] != 1 || rank < 2) return false;
  int64_t stride = blocks.block_sizes[0];
  for (int axis = rank - 1; axis >= 0; --axis) {
    if (blocks.strides[axis] != stride && blocks.padded[axis] > 1) return false;
    stride *= axis == 1 ? blocks.padded[1] / blocks.block_sizes[0] : blocks.padded[axis];
  }
  return true;
}

static tdnn_layout_info describe_layout(const Desc &desc) {
  tdnn_layout_info info{};
  Dims dims = dimensions(desc);
  Blocking blocks = blocking(desc);
  info.dtype = dtype_of(data_type(desc));
  info.rank = static_cast<int32_t>(dims.size());
  std::copy(dims.begin(), dims.end(), info.dims);
  info.bytes = static_cast<int64_t>(desc.get_size());
  info.padded_count = info.bytes / element_bytes(info.dtype);
  info.is_opaque = !blocks.known;
  if (info.is_opaque) return info;
  info.has_padding = blocks.padded != dims;
  info.is_strided = blocks.block_sizes.empty() && !info.has_padding;
  if (info.is_strided) std::copy(blocks.strides.begin(), blocks.strides.end(), info.strides);
  if (is_channel_blocked(blocks, info.rank)) info.channel_block = static_cast<int32_t>(blocks.block_sizes[0]);
  return info;
}

namespace {
struct LayoutTable {
  std::shared_mutex mutex;
  std::unordered_multimap<size_t, const tdnn_layout *> layouts;
};
LayoutTable &table() {
  static auto *table = new LayoutTable;  // never destroyed: layouts outlive static destructors
  return *table;
}
}  // namespace

const tdnn_layout *intern(const Desc &desc) {
  size_t hash = desc.get_size() * 31 + static_cast<size_t>(data_type(desc));
  for (int64_t dim : dimensions(desc)) hash = (hash ^ static_cast<size_t>(dim)) * 0x9E3779B97F4A7C15u;
  auto find = [&]() -> const tdnn_layout * {
    auto [begin, end] = table().layouts.equal_range(hash);
    for (auto entry = begin; entry != end; ++entry) {
      if (entry->second->desc == desc) return entry->second;
    }
    return nullptr;
  };
  {
    std::shared_lock lock(table().mutex);
    if (auto *layout = find()) return layout;
  }
  std::unique_lock lock(table().mutex);
  if (auto *layout = find()) return layout;
  auto layout = std::make_unique<tdnn_layout>(tdnn_layout{desc, describe_layout(desc)});
  return table().layouts.emplace(hash, layout.release())->second;
}

const tdnn_layout *strided(tdnn_dtype dtype, const Dims &dims, const Dims &strides) {
  return intern(Desc(dims, onednn_type(dtype), strides));
}

const tdnn_layout *contiguous(tdnn_dtype dtype, const Dims &dims) {
  Dims strides(dims.size());
  int64_t stride = 1;
  for (size_t axis = dims.size(); axis-- > 0; stride *= std::max<int64_t>(dims[axis], 1)) strides[axis] = stride;
  return strided(dtype, dims, strides);
}

const tdnn_layout *channel_blocked(tdnn_dtype dtype, const Dims &dims, int block) {
  using Tag = dnnl::memory::format_tag;
  static const Tag tags[3][3] = {
      {Tag::aBc4b, Tag::aBc8b, Tag::aBc16b},
      {Tag::aBcd4b, Tag::aBcd8b, Tag::aBcd16b},
      {Tag::aBcde4b, Tag::aBcde8b, Tag::aBcde16b}};
  int column = block == 4 ? 0 : block == 8 ? 1 : block == 16 ? 2 : -1;
  if (column < 0 || dims.size() < 3 || dims.size() > 5) throw Error{TDNN_UNSUPPORTED, "no such channel blocking"};
  return intern(Desc(dims, onednn_type(dtype), tags[dims.size() - 3][column]));
}

static tdnn_plan *make_reorder(const tdnn_layout *src, const tdnn_layout *dst) {
  ThreadCountScope threads;
  Attributes attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  dnnl::reorder::primitive_desc desc(engine(), src->desc, engine(), dst->desc, attributes);
  auto plan = std::make_unique<PrimitivePlan>(
      desc, dnnl::reorder(desc),
      std::vector<PrimitivePlan::Binding>{{TDNN_SRC, DNNL_ARG_FROM}, {TDNN_DST, DNNL_ARG_TO}});
  return plan.release();
}

}  // namespace tdnn

using namespace tdnn;

const tdnn_layout *tdnn_layout_strided(
    tdnn_dtype dtype, int32_t rank, const int64_t *dims, const int64_t *strides) {
  const tdnn_layout *result = nullptr;
  guarded([&] {
    require(rank >= 1 && rank <= TDNN_MAX_DIMS, "a layout has 1 to 12 dimensions");
    Dims d(dims, dims + rank);
    result = strides ? strided(dtype, d, Dims(strides, strides + rank)) : contiguous(dtype, d);
    return TDNN_OK;
  });
  return result;
}

const tdnn_layout *tdnn_layout_blocked(tdnn_dtype dtype, int32_t rank, const int64_t *dims, int32_t block) {
  const tdnn_layout *result = nullptr;
  guarded([&] {
    require(rank >= 3 && rank <= 5, "a blocked layout has 3 to 5 dimensions");
    result = channel_blocked(dtype, Dims(dims, dims + rank), block);
    return TDNN_OK;
  });
  return result;
}

const tdnn_layout *tdnn_layout_with_dtype(const tdnn_layout *layout, tdnn_dtype dtype) {
  const tdnn_layout *result = nullptr;
  guarded([&] {
    const tdnn_layout_info &info = layout->info;
    if (info.dtype == dtype) result = layout;
    else if (info.is_strided) result = strided(dtype, dims_of(layout), Dims(info.strides, info.strides + info.rank));
    else result = channel_blocked(dtype, dims_of(layout), info.channel_block);
    return TDNN_OK;
  });
  return result;
}

void tdnn_layout_get_info(const tdnn_layout *layout, tdnn_layout_info *info) { *info = layout->info; }

tdnn_status tdnn_reorder(
    const tdnn_layout *src_layout, const void *src, const tdnn_layout *dst_layout, void *dst) {
  return guarded([&] {
    if (src_layout == dst_layout && !src_layout->info.is_strided) {
      std::memcpy(dst, src, static_cast<size_t>(src_layout->info.bytes));
      return TDNN_OK;
    }
    PlanKey key(PlanKey::kReorder);
    key.add(src_layout).add(dst_layout);
    PlanHandle plan(cached_plan(key, [&] { return make_reorder(src_layout, dst_layout); }));
    tdnn_arguments arguments{};
    arguments.src = src;
    arguments.dst = dst;
    return plan->execute(arguments);
  });
}

tdnn_status tdnn_zero_padding(const tdnn_layout *layout, void *data) {
  return guarded([&] {
    const tdnn_layout_info &info = layout->info;
    if (!info.has_padding) return TDNN_OK;
    if (info.channel_block == 0) throw Error{TDNN_UNSUPPORTED, "only blocks of channels can be zeroed"};
    int64_t bytes = element_bytes(info.dtype), block = info.channel_block, used = info.dims[1] % block;
    int64_t blocks = (info.dims[1] + block - 1) / block, positions = 1;
    for (int32_t axis = 2; axis < info.rank; ++axis) positions *= info.dims[axis];
    for (int64_t image = 0; image < info.dims[0]; ++image) {
      char *last = static_cast<char *>(data) + ((image + 1) * blocks - 1) * positions * block * bytes;
      for (int64_t position = 0; position < positions; ++position) {
        std::memset(last + (position * block + used) * bytes, 0, static_cast<size_t>((block - used) * bytes));
      }
    }
    return TDNN_OK;
  });
}
