import { defineNode, float, optional, socket } from '../define.ts'

export const qwenImageDiffsynthControlnet = defineNode({
  type: 'QwenImageDiffsynthControlnet',
  title: 'QwenImageDiffsynthControlnet',
  category: 'advanced/loaders/qwen',
  about: 'Qwen-Image draws what follows the lines, depth or remains of another picture.',
  aliases: ['canny', 'depth', 'inpaint', 'controlnet'],
  experimental: true,
  inputs: {
    model: socket('MODEL'),
    model_patch: socket('MODEL_PATCH'),
    vae: socket('VAE', 'Of the model: the patch works on latents.'),
    image: socket('IMAGE', 'Lines, depth, or the picture that is partly drawn anew.'),
    strength: float({ default: 1, min: -10, max: 10, step: 0.01 }),
    mask: optional(
      socket('MASK', 'What is drawn anew, for patches that were made for inpainting.'),
    ),
  },
  outputs: { MODEL: 'MODEL' },
  run({ model, model_patch: patch, vae, image, strength, mask }) {
    if (strength === 0) return { MODEL: model }
    if (!model.withBlockwise)
      throw new Error(
        'QwenImageDiffsynthControlnet works with Qwen-Image only. Remove the node for this model.',
      )
    return { MODEL: model.withBlockwise({ patch, vae, image, mask, strength }) }
  },
})
