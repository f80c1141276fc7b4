import { unionTypes } from '../../models/controlnet-union.ts'
import { choice, defineNode, socket } from '../define.ts'

export const setUnionControlNetType = defineNode({
  type: 'SetUnionControlNetType',
  title: 'SetUnionControlNetType',
  category: 'conditioning/controlnet',
  about: 'Tells a ControlNet that knows several kinds of pictures which kind it gets.',
  aliases: ['union', 'promax'],
  inputs: {
    control_net: socket('CONTROL_NET', 'Others than unions stay as they are.'),
    type: choice(['auto', ...unionTypes], { about: 'auto: it is not told.' }),
  },
  outputs: { CONTROL_NET: 'CONTROL_NET' },
  run({ control_net, type }) {
    const number = type === 'auto' ? undefined : unionTypes.indexOf(type)
    return { CONTROL_NET: control_net.withType?.(number) ?? control_net }
  },
})
