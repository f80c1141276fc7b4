// Billing periods: whole months or years from an anchor, the day clamped as Stripe does (31 Jan → 28 Feb).

/**
 * @param seconds Unix time · @param anchor Unix time whose day of month is kept
 * @returns Unix time one interval later
 */
export function nextPeriodEnd(seconds: number, interval: string, anchor: number): number {
  const from = new Date(seconds * 1000)
  const months = interval === 'year' ? 12 : 1
  const first = new Date(from)
  first.setUTCDate(1)
  first.setUTCMonth(from.getUTCMonth() + months)
  const lastDay = new Date(
    Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0),
  ).getUTCDate()
  first.setUTCDate(Math.min(new Date(anchor * 1000).getUTCDate(), lastDay))
  return Math.floor(first.getTime() / 1000)
}
