import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react'
import { cx } from './class-names.ts'
import { Tooltip } from './tooltip.tsx'

type Look = 'plain' | 'soft' | 'accent' | 'danger'

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: Look
  ref?: Ref<HTMLButtonElement>
}

const looks: Record<Look, string> = {
  plain: 'text-soft hover:bg-field hover:text-ink',
  soft: 'bg-field text-ink hover:bg-field-hover',
  accent: 'bg-accent text-accent-ink hover:bg-accent-hover font-medium',
  danger: 'bg-bad-soft text-bad hover:bg-field-hover',
}

export function Button({ look = 'soft', className, type = 'button', ...rest }: Props) {
  return (
    <button
      type={type}
      className={cx(
        'inline-flex h-7 shrink-0 items-center justify-center gap-1.5 rounded-control px-2.5 whitespace-nowrap transition-colors disabled:pointer-events-none disabled:opacity-45',
        looks[look],
        className,
      )}
      {...rest}
    />
  )
}

interface IconProps extends Props {
  /** Its name, also read out. */
  label: string
  keys?: string
  side?: 'top' | 'right' | 'bottom' | 'left'
  children: ReactNode
}

export function IconButton({ label, keys, side, look = 'plain', className, ...rest }: IconProps) {
  return (
    <Tooltip text={label} keys={keys} side={side}>
      <Button aria-label={label} look={look} className={cx('w-7 px-0!', className)} {...rest} />
    </Tooltip>
  )
}
