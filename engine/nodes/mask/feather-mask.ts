import { featherMask as feather } from '../../image/mask.ts'
import { defineNode, int, socket } from '../define.ts'

const edge = () => int({ default: 0, min: 0, max: 16384 })

export const featherMask = defineNode({
  type: 'FeatherMask',
  title: 'FeatherMask',
  category: 'mask',
  about: 'Fades a mask towards its edges, over so many pixels on each side.',
  aliases: ['soften', 'fade'],
  inputs: { mask: socket('MASK'), left: edge(), top: edge(), right: edge(), bottom: edge() },
  outputs: { MASK: 'MASK' },
  run: ({ mask, ...edges }) => ({ MASK: feather(mask, edges) }),
})
