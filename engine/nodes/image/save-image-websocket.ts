import { encodeImage } from '../../image/encode.ts'
import { imageShape } from '../../image/shape.ts'
import { defineNode, socket, ui } from '../define.ts'

export const saveImageWebsocket = defineNode({
  type: 'SaveImageWebsocket',
  title: 'Send Image over WebSocket',
  category: 'api/image',
  about: 'Sends pictures as PNG to the program that queued the workflow and keeps no file.',
  aliases: ['api', 'stream', 'send'],
  inputs: { images: socket('IMAGE') },
  outputs: {},
  outputNode: true,
  // Nothing is kept that could be sent again.
  changed: () => Number.NaN,
  async run({ images }, context) {
    const { batch } = imageShape(images)
    for (let index = 0; index < batch; index++) {
      context.signal.throwIfAborted()
      const bytes = await encodeImage(images, index)
      context.progress(index, batch, { mime: 'image/png', bytes })
    }
    return { [ui]: {} }
  },
})
