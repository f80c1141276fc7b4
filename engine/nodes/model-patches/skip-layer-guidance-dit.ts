import { skipLayers } from '../../sampling/guidance-scaling.ts'
import { withGuidance } from '../../sampling/model-patches.ts'
import { defineNode, float, socket, text } from '../define.ts'
import { sigmaRange, skippedBlocks } from '../skipped-blocks.ts'

export const skipLayerGuidanceDit = defineNode({
  type: 'SkipLayerGuidanceDiT',
  title: 'SkipLayerGuidanceDiT',
  category: 'advanced/guidance',
  about: 'Better structure: keeps away from what SD3 or Flux draws without some layers.',
  experimental: true,
  inputs: {
    model: socket('MODEL'),
    double_layers: text({ default: '7, 8, 9', about: 'Layers of two streams that are left out.' }),
    single_layers: text({ default: '7, 8, 9', about: 'Layers of one stream that are left out.' }),
    scale: float({ default: 3, min: 0, max: 10, step: 0.1 }),
    start_percent: float({ default: 0.01, min: 0, max: 1, step: 0.001 }),
    end_percent: float({ default: 0.15, min: 0, max: 1, step: 0.001 }),
    rescaling_scale: float({
      default: 0,
      min: 0,
      max: 10,
      step: 0.01,
      about: 'How much the result gets the contrast of the positive answer.',
    }),
  },
  outputs: { MODEL: 'MODEL' },
  run({ model, double_layers, single_layers, scale, rescaling_scale: rescaling, ...at }) {
    const without = skippedBlocks(model, double_layers, single_layers, 'SkipLayerGuidanceDiT')
    if (!without) return { MODEL: model }
    const range = sigmaRange(model, at.start_percent, at.end_percent)
    return { MODEL: withGuidance(model, skipLayers({ without, scale, rescaling, range })) }
  },
})
