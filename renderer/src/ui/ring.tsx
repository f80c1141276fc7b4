/** Progress as a ring; turns while the end is not known. `share` is 0 … 1. */
export function Ring({ share, size = 14 }: { share?: number; size?: number }) {
  const radius = size / 2 - 1.5
  const round = 2 * Math.PI * radius
  const known = share !== undefined
  return (
    <svg
      width={size}
      height={size}
      role="progressbar"
      aria-valuenow={known ? Math.round(share * 100) : undefined}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-label="Working"
      className={known ? '-rotate-90' : 'animate-[turn_900ms_linear_infinite]'}
    >
      <circle
        cx={size / 2}
        cy={size / 2}
        r={radius}
        fill="none"
        stroke="var(--line-strong)"
        strokeWidth={2}
      />
      <circle
        cx={size / 2}
        cy={size / 2}
        r={radius}
        fill="none"
        stroke="var(--accent-text)"
        strokeWidth={2}
        strokeLinecap="round"
        strokeDasharray={round}
        strokeDashoffset={round * (1 - (share ?? 0.3))}
      />
    </svg>
  )
}
