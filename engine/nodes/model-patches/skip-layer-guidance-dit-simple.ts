import { skipLayersOfNegative } from '../../sampling/guidance-scaling.ts'
import { withGuidance } from '../../sampling/model-patches.ts'
import { defineNode, float, socket, text } from '../define.ts'
import { sigmaRange, skippedBlocks } from '../skipped-blocks.ts'

export const skipLayerGuidanceDitSimple = defineNode({
  type: 'SkipLayerGuidanceDiTSimple',
  title: 'SkipLayerGuidanceDiTSimple',
  category: 'advanced/guidance',
  about: 'Better structure: the negative prompt is drawn without some layers of SD3 or Flux.',
  experimental: true,
  inputs: {
    model: socket('MODEL'),
    double_layers: text({ default: '7, 8, 9', about: 'Layers of two streams that are left out.' }),
    single_layers: text({ default: '7, 8, 9', about: 'Layers of one stream that are left out.' }),
    start_percent: float({ default: 0, min: 0, max: 1, step: 0.001 }),
    end_percent: float({ default: 1, min: 0, max: 1, step: 0.001 }),
  },
  outputs: { MODEL: 'MODEL' },
  run({ model, double_layers, single_layers, start_percent, end_percent }) {
    const without = skippedBlocks(model, double_layers, single_layers, 'SkipLayerGuidanceDiTSimple')
    if (!without) return { MODEL: model }
    const range = sigmaRange(model, start_percent, end_percent)
    return { MODEL: withGuidance(model, skipLayersOfNegative({ without, range })) }
  },
})
