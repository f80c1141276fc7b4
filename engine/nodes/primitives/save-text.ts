import { choice, defineNode, socket, text, ui } from '../define.ts'

export const saveText = defineNode({
  type: 'SaveText',
  title: 'Save Text',
  category: 'utils/string',
  about: 'Saves a text as a file in the output folder.',
  aliases: ['write', 'export', 'txt', 'file'],
  inputs: {
    text: socket('STRING'),
    filename_prefix: text({ default: 'ComfyUI' }),
    format: choice(['txt', 'md', 'json']),
  },
  outputs: { text: 'STRING' },
  outputNode: true,
  async run({ text, filename_prefix, format }, { files }) {
    const bytes = new TextEncoder().encode(text)
    const file = await files.write('output', filename_prefix, format, bytes)
    return { text, [ui]: { text: [text], files: [file] } }
  },
})
