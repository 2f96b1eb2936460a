export const codeText = {
  show: 'As code',
  hide: 'Hide the code',
  title: 'The same request as code',
  language: 'Language',
  about: {
    curl: 'Put a token of yours in TOKEN.',
    terraform:
      'With the public provider for the DanubeData API. Put a token of this team in DANUBEDATA_API_TOKEN.',
    typescript: 'With the client in client/ of Danube. Put a token of yours in TOKEN.',
  },
  noTerraform: 'The Terraform provider cannot say all of this.',
};
