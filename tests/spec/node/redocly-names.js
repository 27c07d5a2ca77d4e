// Redocly's rule `boolean-parameter-prefixes`, with exceptions, which it does not have itself.

const BooleanParameterPrefixes = ({prefixes, exceptions}) => {
  const wanted = new RegExp(`^(${prefixes.join('|')})[A-Z]`)
  return {
    Parameter: {
      Schema(schema, {report, parentLocations}, parents) {
        const {name} = parents.Parameter
        if (schema.type !== 'boolean' || wanted.test(name) || exceptions.includes(name)) return
        report({
          message: `Boolean parameter \`${name}\` should begin with ${prefixes.join(', ')}.`,
          location: parentLocations.Parameter.child('name'),
        })
      },
    },
  }
}

export default () => ({
  id: 'names',
  rules: {oas3: {'boolean-parameter-prefixes': BooleanParameterPrefixes}},
})
