import { inTime } from '../../sampling/hooks.ts'
import { defineNode, optional, socket } from '../define.ts'

export const setHookKeyframes = defineNode({
  type: 'SetHookKeyframes',
  title: 'Set Hook Keyframes',
  category: 'advanced/hooks/scheduling',
  about: 'Changes the strength of hooks in the course of a run, as the keyframes say.',
  aliases: ['schedule'],
  experimental: true,
  inputs: { hooks: socket('HOOKS'), hook_kf: optional(socket('HOOK_KEYFRAMES')) },
  outputs: { HOOKS: 'HOOKS' },
  run: ({ hooks, hook_kf }) => ({
    HOOKS: hook_kf ? hooks.map(hook => ({ ...hook, keyframes: inTime(hook_kf) })) : hooks,
  }),
})
