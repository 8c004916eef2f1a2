import Testing
import TorchNN

@Test(arguments: [
  ("inProjWeight", "in_proj_weight"), ("conv1", "conv1"), ("weightIhL0", "weight_ih_l0"), ("fc2", "fc2"),
  ("selfAttn", "self_attn"), ("runningMean", "running_mean"), ("qkvProj", "qkv_proj"), ("bnQKV", "bn_qkv"),
  ("LayerNorm", "LayerNorm"), ("q_proj", "q_proj"), ("layerNorm1", "layer_norm1"), ("x", "x"),
])
func propertyNamesBecomeKeys(_ name: String, _ key: String) {
  #expect(Keys.snakeCase(name[...]) == key)
}
