/** Keep a value by its key, and forget the oldest where there are too many: gives that one. */
export function remember<K, V>(map: Map<K, V>, key: K, value: V, most: number): V | undefined {
  map.set(key, value)
  if (map.size <= most) return
  const [oldest] = map
  if (oldest) map.delete(oldest[0])
  return oldest?.[1]
}
