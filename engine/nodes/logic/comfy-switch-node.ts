import { defineNode, lazy, socket, toggle } from '../define.ts'

export const comfySwitchNode = defineNode({
  type: 'ComfySwitchNode',
  title: 'If/Else Switch',
  category: 'logic',
  about: 'Hands on one of two values. What the other one needs is not run.',
  aliases: ['if', 'choose', 'condition', 'branch'],
  inputs: {
    switch: toggle(),
    on_false: lazy(socket('*')),
    on_true: lazy(socket('*')),
  },
  outputs: { output: '*' },
  needs: inputs => [inputs.switch ? 'on_true' : 'on_false'],
  run: inputs => ({ output: inputs.switch ? inputs.on_true : inputs.on_false }),
})
