import { defineNode, socket } from '../define.ts'

/** Its one input and output have no name, as in ComfyUI's files. */
export const reroute = defineNode({
  type: 'Reroute',
  title: 'Reroute',
  category: 'utils',
  about: 'A bend in a link, to keep the canvas tidy.',
  aliases: ['wire', 'bend'],
  virtual: true,
  inputs: { '': socket('*') },
  outputs: { '': '*' },
  run: inputs => ({ '': inputs[''] }),
})
