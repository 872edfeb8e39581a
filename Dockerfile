FROM python:3.11-slim
ENV PYTHONUNBUFFERED=1 DEBUG=off VAR=/srv/pulse/var MEDIA_ROOT=/srv/pulse/uploads \
    ISSUED_ROOT=/srv/pulse/issued
WORKDIR /srv/pulse
COPY requirements.lock .
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY . .
RUN useradd --system pulse \
    && SECRET_KEY=build ALLOWED_HOSTS=build ENCRYPTION_KEYS=build python manage.py collectstatic --no-input --verbosity 0 \
    && mkdir -p "$MEDIA_ROOT" "$ISSUED_ROOT" \
    && chown -R pulse "$VAR" "$MEDIA_ROOT" "$ISSUED_ROOT"
USER pulse
EXPOSE 8000
CMD ["gunicorn", "pulse_site.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--threads", "4", "--timeout", "60", "--no-control-socket"]
