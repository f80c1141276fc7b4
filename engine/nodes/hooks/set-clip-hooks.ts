import { encoderWith } from '../../sampling/hooks.ts'
import { defineNode, optional, socket, toggle } from '../define.ts'

export const setClipHooks = defineNode({
  type: 'SetClipHooks',
  title: 'Set CLIP Hooks',
  category: 'advanced/hooks/clip',
  about: 'Reads prompts with the LoRAs of hooks on the text encoder, and hands the hooks on.',
  aliases: ['text encoder lora'],
  experimental: true,
  inputs: {
    clip: socket('CLIP'),
    apply_to_conds: toggle({
      default: true,
      about: 'Prompts that it reads carry the hooks, so that the model is changed for them too.',
    }),
    schedule_clip: toggle({
      about:
        'Reads prompts anew for each keyframe of the hooks; each holds for its part of the run.',
    }),
    hooks: optional(socket('HOOKS')),
  },
  outputs: { CLIP: 'CLIP' },
  run({ clip, apply_to_conds, schedule_clip, hooks }) {
    if (!hooks?.length) return { CLIP: clip }
    const options = { carry: apply_to_conds, schedule: schedule_clip }
    return { CLIP: encoderWith(clip, hooks, options) }
  },
})
