// ComfyUI's `.latent`: a safetensors file with `latent_tensor`, and `latent_format_version_0` to
// say that it is not scaled. https://github.com/huggingface/safetensors#format
import { openSafetensors } from '../inference/safetensors.ts'
import { startOf } from '../inference/safetensors-writer.ts'
import { readFloats, weight } from '../inference/weights.ts'
import { type Tensor, tensor } from '../tensor.ts'

/** Files without the version mark hold latents as the sampler of SD1 sees them. */
const unversionedScale = 1 / 0.18215

/** @param texts `prompt` and `workflow`, as JSON. */
export function encodeLatent(samples: Tensor, texts: Record<string, string>): Uint8Array {
  const bytes = samples.data.byteLength
  const start = startOf({
    __metadata__: texts,
    latent_tensor: { dtype: 'F32', shape: samples.shape, data_offsets: [0, bytes] },
    latent_format_version_0: { dtype: 'F32', shape: [0], data_offsets: [bytes, bytes] },
  })
  return Buffer.concat([start, Buffer.from(samples.data.buffer, samples.data.byteOffset, bytes)])
}

/** @throws ModelError when the file is damaged or holds no latent. */
export function readLatent(path: string): Tensor {
  const file = openSafetensors(path)
  const stored = weight(file, 'latent_tensor')
  const values = readFloats(stored)
  const scaled = file.tensors.has('latent_format_version_0')
    ? values
    : values.map(value => value * unversionedScale)
  return tensor(stored.shape, scaled)
}
