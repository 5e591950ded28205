# `ivsim serve` in a container, see docs/howto/container.md: docker build -t ivsim .
FROM python:3.13-slim AS build
WORKDIR /build
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN pip install --no-cache-dir --root-user-action ignore --prefix /install ".[server]"
# Of botocore's models stay those of the services that ivsim is, and of those to which it may deliver.
RUN find /install/lib/python3.*/site-packages/botocore/data -mindepth 1 -maxdepth 1 -type d \
    ! -name "ivs*" ! -name s3 ! -name logs ! -name firehose ! -name events ! -name sqs -exec rm -r {} +

FROM python:3.13-slim
COPY --from=build /install /usr/local
RUN useradd --system --no-create-home ivsim && install --directory --owner ivsim /state
USER ivsim
VOLUME /state
EXPOSE 4870 1935
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:4870/_ivsim/health', timeout=2)"]
ENTRYPOINT ["ivsim", "serve", "--host", "0.0.0.0", "--state", "/state/ivsim.json"]
