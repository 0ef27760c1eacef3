/** renders a page of the pages router again: `?path=`. */
export default async function handler(request, response) {
  await response.revalidate(request.query.path);
  response.end('done');
}
