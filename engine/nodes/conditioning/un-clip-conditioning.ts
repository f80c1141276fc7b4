import { defineNode, float, socket } from '../define.ts'

export const unClipConditioning = defineNode({
  type: 'unCLIPConditioning',
  title: 'unCLIPConditioning',
  category: 'conditioning',
  about: 'Shows an unCLIP model a picture beside the prompt. Several can follow one another.',
  aliases: ['image prompt', 'variation'],
  inputs: {
    conditioning: socket('CONDITIONING'),
    clip_vision_output: socket(
      'CLIP_VISION_OUTPUT',
      'The picture, as the model’s own eyes see it.',
    ),
    strength: float({ default: 1, min: -10, max: 10, step: 0.01 }),
    noise_augmentation: float({
      default: 0,
      min: 0,
      max: 1,
      step: 0.01,
      about: 'How freely the picture is taken. 0: closely.',
    }),
  },
  outputs: { CONDITIONING: 'CONDITIONING' },
  run({ conditioning, clip_vision_output: { embeds }, strength, noise_augmentation }) {
    if (strength === 0) return { CONDITIONING: conditioning }
    if (!embeds)
      throw new Error(
        'This vision model does not say what the picture shows as a whole. Use the CLIP vision model ' +
          'that the unCLIP checkpoint holds.',
      )
    const picture = { embeds, strength, noiseAugmentation: noise_augmentation }
    return {
      CONDITIONING: conditioning.map(item => ({
        ...item,
        unclip: [...(item.unclip ?? []), picture],
      })),
    }
  },
})
