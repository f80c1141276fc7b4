import type { ReactNode } from 'react'
import type { Widget } from '../../../../engine/graph/catalogue.ts'
import type { SeedControl } from '../../../../engine/graph/document.ts'
import type { Json } from '../../../../engine/graph/json.ts'

export interface WidgetProps<W extends Widget = Widget> {
  widget: W
  value: Json | undefined
  label: string
  /** A link feeds it; its own value rests. */
  disabled: boolean
  onChange: (value: Json) => void
  /** The gesture is over: what comes next is an undo step of its own. */
  onDone: () => void
  control?: SeedControl
  onControl?: (control: SeedControl) => void
  children?: ReactNode
}
