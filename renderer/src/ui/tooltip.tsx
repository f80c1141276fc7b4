import { Tooltip as Base } from '@base-ui/react/tooltip'
import type { ReactElement, ReactNode } from 'react'
import { Keys } from './keys.tsx'

interface Props {
  text: ReactNode
  /** A shortcut such as `mod+enter`. */
  keys?: string
  side?: 'top' | 'right' | 'bottom' | 'left'
  children: ReactElement<Record<string, unknown>>
}

/** Says what a control does, with its key, when the pointer rests on it or it has focus. */
export function Tooltip({ text, keys, side = 'top', children }: Props) {
  return (
    <Base.Root>
      <Base.Trigger render={children} />
      <Base.Portal>
        <Base.Positioner side={side} sideOffset={6} className="z-60">
          <Base.Popup className="flex max-w-72 items-center gap-2 rounded-control border border-line bg-card px-2 py-1 text-xs text-ink shadow-lift">
            <span>{text}</span>
            {keys && <Keys keys={keys} />}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}

export const TooltipProvider = ({ children }: { children: ReactNode }) => (
  <Base.Provider delay={450} closeDelay={0}>
    {children}
  </Base.Provider>
)
