import { defineNode, int, socket } from '../define.ts'

export const clipSetLastLayer = defineNode({
  type: 'CLIPSetLastLayer',
  title: 'CLIP Set Last Layer',
  category: 'conditioning',
  about: 'Reads the prompt at an earlier layer of the text encoder: -2 is “clip skip 2”.',
  aliases: ['clip skip'],
  inputs: { clip: socket('CLIP'), stop_at_clip_layer: int({ default: -1, min: -24, max: -1 }) },
  outputs: { CLIP: 'CLIP' },
  run: ({ clip, stop_at_clip_layer }) => ({ CLIP: clip.withStopAtLayer(stop_at_clip_layer) }),
})
