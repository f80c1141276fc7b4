import { defineNode, optional, socket } from '../define.ts'

export const combineHooks4 = defineNode({
  type: 'CombineHooks4',
  title: 'Combine Hooks [4]',
  category: 'advanced/hooks/combine',
  about: 'Joins up to 4 sets of hooks into one.',
  aliases: ['join'],
  experimental: true,
  inputs: {
    hooks_A: optional(socket('HOOKS')),
    hooks_B: optional(socket('HOOKS')),
    hooks_C: optional(socket('HOOKS')),
    hooks_D: optional(socket('HOOKS')),
  },
  outputs: { HOOKS: 'HOOKS' },
  run: inputs => ({ HOOKS: Object.values(inputs).flatMap(hooks => hooks ?? []) }),
})
