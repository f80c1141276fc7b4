// A seed: the number, a die for another one, and a lock. What is shown is what the next run uses
// when it is locked; unlocked, Run draws a new one first and shows it.
import { Dices, Lock, LockOpen, Minus, Plus } from 'lucide-react'
import type { SeedControl } from '../../../../engine/graph/document.ts'
import { IconButton } from '../../ui/button.tsx'
import { NumberField } from './number-field.tsx'
import { type NumberWidget, randomSeed } from './numbers.ts'
import type { WidgetProps } from './widget-props.ts'

const order: SeedControl[] = ['fixed', 'randomize', 'increment', 'decrement']

const words: Record<SeedControl, string> = {
  fixed: 'Seed is locked: every run repeats it',
  randomize: 'Every run draws a new seed',
  increment: 'Every run adds 1 to the seed',
  decrement: 'Every run takes 1 from the seed',
}
const icons = { fixed: Lock, randomize: LockOpen, increment: Plus, decrement: Minus }

interface LockProps {
  control: SeedControl
  onControl: (control: SeedControl) => void
}

/** Click: lock or unlock. Shift-click goes on to increment and decrement. */
export function SeedLock({ control, onControl }: LockProps) {
  const Icon = icons[control]
  return (
    <IconButton
      label={words[control]}
      aria-pressed={control === 'fixed'}
      className={`nodrag h-6! w-6! ${control === 'fixed' ? 'text-accent-text!' : ''}`}
      onClick={event =>
        onControl(
          event.shiftKey
            ? order[(order.indexOf(control) + 1) % order.length]!
            : control === 'fixed'
              ? 'randomize'
              : 'fixed',
        )
      }
    >
      <Icon size={13} aria-hidden />
    </IconButton>
  )
}

export function SeedField(props: WidgetProps<NumberWidget>) {
  const { control = 'fixed', onControl, onChange, onDone, disabled } = props
  return (
    <div className="flex items-center gap-0.5">
      <div className="min-w-0 flex-1">
        <NumberField {...props} />
      </div>
      {!disabled && (
        <>
          <IconButton
            label="Draw another seed"
            className="nodrag h-6! w-6!"
            onClick={() => {
              onChange(randomSeed())
              onDone()
            }}
          >
            <Dices size={13} aria-hidden />
          </IconButton>
          {onControl && <SeedLock control={control} onControl={onControl} />}
        </>
      )}
    </div>
  )
}
