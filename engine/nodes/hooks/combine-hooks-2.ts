import { defineNode, optional, socket } from '../define.ts'

export const combineHooks2 = defineNode({
  type: 'CombineHooks2',
  title: 'Combine Hooks [2]',
  category: 'advanced/hooks/combine',
  about: 'Joins up to 2 sets of hooks into one.',
  aliases: ['join'],
  experimental: true,
  inputs: {
    hooks_A: optional(socket('HOOKS')),
    hooks_B: optional(socket('HOOKS')),
  },
  outputs: { HOOKS: 'HOOKS' },
  run: inputs => ({ HOOKS: Object.values(inputs).flatMap(hooks => hooks ?? []) }),
})
