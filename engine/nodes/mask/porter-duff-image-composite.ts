import {
  compositePorterDuff,
  type PorterDuffMode,
  porterDuffModes,
} from '../../image/porter-duff.ts'
import { choice, defineNode, socket } from '../define.ts'

const modes = Object.keys(porterDuffModes) as PorterDuffMode[]

export const porterDuffImageComposite = defineNode({
  type: 'PorterDuffImageComposite',
  title: 'Porter-Duff Image Composite',
  category: 'mask/compositing',
  about: 'Lays one picture over another with one of the classic compositing operators.',
  aliases: ['overlay', 'layer', 'alpha'],
  inputs: {
    source: socket('IMAGE', 'The picture on top.'),
    source_alpha: socket('MASK', 'White where the picture on top is clear.'),
    destination: socket('IMAGE', 'The picture below.'),
    destination_alpha: socket('MASK', 'White where the picture below is clear.'),
    mode: choice(modes, { default: 'DST' }),
  },
  outputs: { IMAGE: 'IMAGE', MASK: 'MASK' },
  run({ source, source_alpha, destination, destination_alpha, mode }) {
    const { image, mask } = compositePorterDuff(
      mode,
      { image: source, mask: source_alpha },
      { image: destination, mask: destination_alpha },
    )
    return { IMAGE: image, MASK: mask }
  },
})
