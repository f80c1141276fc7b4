import { defineNode, optional, socket } from '../define.ts'

export const combineHooks8 = defineNode({
  type: 'CombineHooks8',
  title: 'Combine Hooks [8]',
  category: 'advanced/hooks/combine',
  about: 'Joins up to 8 sets of hooks into one.',
  aliases: ['join'],
  experimental: true,
  inputs: {
    hooks_A: optional(socket('HOOKS')),
    hooks_B: optional(socket('HOOKS')),
    hooks_C: optional(socket('HOOKS')),
    hooks_D: optional(socket('HOOKS')),
    hooks_E: optional(socket('HOOKS')),
    hooks_F: optional(socket('HOOKS')),
    hooks_G: optional(socket('HOOKS')),
    hooks_H: optional(socket('HOOKS')),
  },
  outputs: { HOOKS: 'HOOKS' },
  run: inputs => ({ HOOKS: Object.values(inputs).flatMap(hooks => hooks ?? []) }),
})
