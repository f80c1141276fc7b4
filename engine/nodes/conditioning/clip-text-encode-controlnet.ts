import { defineNode, socket, text } from '../define.ts'

export const clipTextEncodeControlnet = defineNode({
  type: 'CLIPTextEncodeControlnet',
  title: 'CLIP Text Encode (ControlNet)',
  category: '_for_testing/conditioning',
  about: 'Lets ControlNets read another text than the model that draws.',
  experimental: true,
  inputs: {
    clip: socket('CLIP', 'The text encoder of the checkpoint.'),
    conditioning: socket('CONDITIONING', 'What the model that draws reads.'),
    text: text({ multiline: true, dynamicPrompts: true, about: 'What ControlNets read.' }),
  },
  outputs: { CONDITIONING: 'CONDITIONING' },
  async run({ clip, conditioning, text }) {
    const { cond: controlText } = await clip.encode(text)
    return { CONDITIONING: conditioning.map(item => ({ ...item, controlText })) }
  },
})
