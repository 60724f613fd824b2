"""Our models lie over botocore's without changing what botocore says."""

from botocore.loaders import Loader

from mooring.api.protocol.models import AWS_SERVICES, load_extra_models, load_service_models

OWN = load_extra_models()


def test_ours_are_those_that_botocore_lacks() -> None:
    assert set(OWN) == {"ssm", "ec2messages", "ssmmessages", "mooring"}


def test_nothing_of_botocore_is_replaced() -> None:
    for name in set(OWN) & set(AWS_SERVICES):
        theirs = Loader().load_service_model(name, "service-2")

        assert not set(OWN[name]["operations"]) & set(theirs["operations"])
        assert not set(OWN[name]["shapes"]) & set(theirs["shapes"])


def test_the_agents_calls_stand_beside_the_public_ones() -> None:
    models = load_service_models(OWN)

    assert {"StartSession", "RegisterManagedInstance", "ListInstanceAssociations"} <= set(
        models["ssm"].operation_names
    )


def test_every_shape_that_is_named_exists() -> None:
    models = load_service_models(OWN)

    for name, own in OWN.items():
        for shape in own["shapes"]:
            models[name].shape_for(shape)
        for operation in own["operations"]:
            made = models[name].operation_model(operation)
            assert made.input_shape is not None
            assert made.output_shape is not None
            assert all(shape.name for shape in made.error_shapes)


def test_services_without_extra_models_are_loaded_too() -> None:
    assert set(load_service_models({})) == set(AWS_SERVICES)
