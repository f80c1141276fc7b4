import { defineNode, grown } from '../define.ts'

export const loopResult = defineNode({
  type: 'LoopResult',
  title: 'Loop Result',
  category: 'logic/loop',
  about: 'Collects what the rounds of a loop gave.',
  internal: true,
  inputIsList: true,
  listOutputs: ['outputs'],
  inputs: {},
  outputs: { outputs: '*' },
  run: inputs => ({ outputs: grown<unknown[]>('value', inputs).flatMap(([, list]) => list) }),
})
